using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Pattern;

/// <summary>A call was refused because the breaker is open.</summary>
public class OpenCircuitException : AkkaException
{
    public OpenCircuitException(string message, TimeSpan remainingDuration)
        : base(message) => RemainingDuration = remainingDuration;

    public OpenCircuitException(string message, Exception cause, TimeSpan remainingDuration)
        : base(message, cause) => RemainingDuration = remainingDuration;

    /// <summary>Time until the breaker lets one call try.</summary>
    public TimeSpan RemainingDuration { get; }
}

/// <summary>
/// Keeps calls away from a resource that fails. Closed: calls go through; after <c>maxFailures</c> failures in a row (a call longer than
/// <c>callTimeout</c> is one) it opens. Open: calls fail at once until the reset timeout has passed. Half open: one call tries; its
/// success closes the breaker, its failure opens it again, for longer where a factor is given.
/// </summary>
public class CircuitBreaker
{
    private readonly Lock _gate = new();
    private readonly List<Action> _onOpen = [];
    private readonly List<Action> _onClose = [];
    private readonly List<Action> _onHalfOpen = [];
    private State _state = State.Closed;
    private bool _trying;
    private int _failures;
    private TimeSpan _reset;
    private TimeSpan _openUntil;

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, TimeSpan.FromDays(36), 1.0)
    {
    }

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFailures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(exponentialBackoffFactor, 1.0);
        Scheduler = scheduler;
        MaxFailures = maxFailures;
        CallTimeout = callTimeout;
        ResetTimeout = resetTimeout;
        MaxResetTimeout = maxResetTimeout;
        ExponentialBackoffFactor = exponentialBackoffFactor;
        _reset = resetTimeout;
    }

    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    public IScheduler Scheduler { get; }

    public int MaxFailures { get; }

    public TimeSpan CallTimeout { get; }

    public TimeSpan ResetTimeout { get; }

    public TimeSpan MaxResetTimeout { get; }

    public double ExponentialBackoffFactor { get; }

    public bool IsClosed => Is(State.Closed);

    public bool IsOpen => Is(State.Open);

    public bool IsHalfOpen => Is(State.HalfOpen);

    /// <summary>Failures in a row while closed.</summary>
    public long CurrentFailureCount
    {
        get
        {
            lock (_gate)
            {
                return _failures;
            }
        }
    }

    public Exception? LastCaughtException { get; private set; }

    public static CircuitBreaker Create(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout) =>
        new(scheduler, maxFailures, callTimeout, resetTimeout);

    /// <summary>A breaker whose reset timeout doubles with each failed try, up to a limit.</summary>
    public CircuitBreaker WithExponentialBackoff(TimeSpan maxResetTimeout) =>
        new(Scheduler, MaxFailures, CallTimeout, ResetTimeout, maxResetTimeout, 2.0);

    public CircuitBreaker OnOpen(Action callback) => Add(_onOpen, callback);

    public CircuitBreaker OnClose(Action callback) => Add(_onClose, callback);

    public CircuitBreaker OnHalfOpen(Action callback) => Add(_onHalfOpen, callback);

    /// <exception cref="OpenCircuitException">The breaker is open, or half open with a call under way.</exception>
    /// <exception cref="TimeoutException">The call took longer than the call timeout.</exception>
    public Task WithCircuitBreaker(Func<Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return WithCircuitBreaker(async () =>
        {
            await body().ConfigureAwait(false);
            return Done.Instance;
        });
    }

    /// <exception cref="OpenCircuitException">The breaker is open, or half open with a call under way.</exception>
    /// <exception cref="TimeoutException">The call took longer than the call timeout.</exception>
    public async Task<T> WithCircuitBreaker<T>(Func<Task<T>> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Enter();
        T result;
        try
        {
            result = await Timed(body()).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LastCaughtException = failure;
            Fail();
            throw;
        }

        Succeed();
        return result;
    }

    /// <summary>Counts a failure that happened outside a call.</summary>
    public void Fail()
    {
        lock (_gate)
        {
            if (_state == State.Closed && ++_failures < MaxFailures)
            {
                return;
            }

            if (_state == State.Open)
            {
                return;
            }

            if (_state == State.HalfOpen)
            {
                double longer = _reset.Ticks * ExponentialBackoffFactor;
                _reset = longer >= MaxResetTimeout.Ticks ? MaxResetTimeout : TimeSpan.FromTicks((long)longer);
            }

            _state = State.Open;
            _openUntil = Scheduler.MonotonicClock + _reset;
        }

        Scheduler.Advanced.ScheduleOnce(_reset, Try);
        Call(_onOpen);
    }

    /// <summary>Counts a success that happened outside a call.</summary>
    public void Succeed()
    {
        bool closed = false;
        lock (_gate)
        {
            if (_state == State.Closed)
            {
                _failures = 0;
            }
            else if (_state == State.HalfOpen)
            {
                (_state, _failures, _reset, closed) = (State.Closed, 0, ResetTimeout, true);
            }
        }

        if (closed)
        {
            Call(_onClose);
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_state == State.Closed)
            {
                return;
            }

            if (_state == State.HalfOpen && !_trying)
            {
                _trying = true;
                return;
            }

            TimeSpan left = _openUntil - Scheduler.MonotonicClock;
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            string text = $"Circuit breaker is open; it lets a call try in {left}";
            throw LastCaughtException is { } cause ? new OpenCircuitException(text, cause, left) : new OpenCircuitException(text, left);
        }
    }

    private void Try()
    {
        lock (_gate)
        {
            if (_state != State.Open)
            {
                return;
            }

            _state = State.HalfOpen;
            _trying = false;
        }

        Call(_onHalfOpen);
    }

    private async Task<T> Timed<T>(Task<T> call)
    {
        if (call.IsCompleted || CallTimeout == Timeout.InfiniteTimeSpan)
        {
            return await call.ConfigureAwait(false);
        }

        TaskCompletionSource late = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using Cancelable timer = new(Scheduler);
        Scheduler.Advanced.ScheduleOnce(CallTimeout, () => late.TrySetResult(), timer);
        if (await Task.WhenAny(call, late.Task).ConfigureAwait(false) != call)
        {
            _ = call.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new TimeoutException($"The call took longer than {CallTimeout}.");
        }

        timer.Cancel();
        return await call.ConfigureAwait(false);
    }

    private bool Is(State state)
    {
        lock (_gate)
        {
            return _state == state;
        }
    }

    private CircuitBreaker Add(List<Action> list, Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_gate)
        {
            list.Add(callback);
        }

        return this;
    }

    private void Call(List<Action> callbacks)
    {
        Action[] due;
        lock (_gate)
        {
            due = [.. callbacks];
        }

        foreach (Action callback in due)
        {
            callback();
        }
    }
}
