namespace Olmo.Runtime.Actor;

internal sealed partial class ActorCell
{
    private ITimer? _receiveTimer;
    private bool _receiveTimerArmed;

    public TimeSpan? ReceiveTimeout { get; private set; }

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout is { } given && given <= TimeSpan.Zero && given != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A receive timeout is positive, or null for none.");
        }

        ReceiveTimeout = timeout == Timeout.InfiniteTimeSpan ? null : timeout;
        if (ReceiveTimeout is null)
        {
            _receiveTimer?.Dispose();
            _receiveTimer = null;
            _receiveTimerArmed = false;
        }
        else
        {
            ArmReceiveTimeout();
        }
    }

    private void ArmReceiveTimeout()
    {
        if (ReceiveTimeout is not { } due || Mailbox.IsClosed || IsTerminating)
        {
            return;
        }

        _receiveTimer ??= SystemImpl.NewTimer(static state => ((ActorCell)state!).Self.Tell(Actor.ReceiveTimeout.Instance, ((ActorCell)state).Self), this);
        _receiveTimer.Change(due, Timeout.InfiniteTimeSpan);
        _receiveTimerArmed = true;
    }

    private void DisarmReceiveTimeout()
    {
        if (_receiveTimerArmed)
        {
            _receiveTimerArmed = false;
            _receiveTimer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
