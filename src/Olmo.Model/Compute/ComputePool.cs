using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Olmo.Model.Compute;

/// <summary>
/// The compute threads of one rank. The caller of <see cref="Run"/> is worker 0; the others are background threads of this pool that
/// spin for about a tenth of a millisecond after a job and then sleep. Ranges are dealt out on demand by a counter. A call allocates
/// nothing. Pools are independent; one pool runs one job at a time.
/// </summary>
public sealed unsafe class ComputePool : IDisposable
{
    /// <summary>Most threads of a pool.</summary>
    public const int MaxThreads = 1024;

    // A worker spins this many rounds before it sleeps: about 0.1 ms on a 2 to 4 GHz processor, longer than the gap
    // between two kernels of a step and than a wake-up takes, shorter than a time slice.
    private const int SpinRounds = 600;
    private const int SpinsPerRound = 4;

    // Allocation counters of the workers lie a cache line apart.
    private const int CounterStride = 16;

    private readonly Thread[] _others;
    private readonly long[] _allocated;
    private readonly IReadOnlyList<int>? _processors;
    private readonly object _wake = new();
    private readonly object _done = new();
    private ComputePoolState _state;
    private delegate*<void*, nint, nint, int, void> _execute;
    private void* _job;
    private nint _items;
    private nint _grain;
    private Exception? _failure;
    private int _running;
    private int _starting;
    private int _verifiedCaller = -1;
    private volatile bool _disposed;

    /// <summary>Starts <paramref name="threads"/> - 1 threads and waits until each has checked its floating-point modes.</summary>
    /// <param name="threads">Workers, the caller included: 1 to <see cref="MaxThreads"/>.</param>
    /// <param name="processors">If given (Linux), worker i >= 1 is bound to processors[i]; the caller's thread is never bound.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is out of range.</exception>
    /// <exception cref="ArgumentException"><paramref name="processors"/> has fewer entries than there are threads.</exception>
    /// <exception cref="FloatingPointEnvironmentException">The caller or a worker does not round to nearest or flushes denormals.</exception>
    /// <exception cref="PlatformNotSupportedException">Threads cannot be bound to processors here.</exception>
    public ComputePool(int threads, IReadOnlyList<int>? processors = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        if (processors is not null && processors.Count < threads)
        {
            throw new ArgumentException($"{processors.Count} processors were given for {threads} threads.", nameof(processors));
        }

        VerifyCaller();
        _processors = processors;
        _others = new Thread[threads - 1];
        _allocated = new long[threads * CounterStride];
        _starting = _others.Length;
        for (int i = 0; i < _others.Length; i++)
        {
            int worker = i + 1;
            _others[i] = new Thread(() => WorkerMain(worker)) { IsBackground = true, Name = $"compute-{worker}" };
            _others[i].Start();
        }

        lock (_done)
        {
            while (_starting > 0)
            {
                Monitor.Wait(_done);
            }
        }

        if (_failure is not null)
        {
            Dispose();
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <summary>Workers, the caller of <see cref="Run"/> included.</summary>
    public int Threads => _others.Length + 1;

    /// <summary>
    /// Bytes of the managed heap that the pool's own threads had allocated, each since it started, when they left their last jobs: its growth over some jobs is what these
    /// allocated, the caller's own thread not counted. To be read between jobs, by the thread that runs them.
    /// </summary>
    public long AllocatedBytes
    {
        get
        {
            long sum = 0;
            for (int worker = 1; worker <= _others.Length; worker++)
            {
                sum += Volatile.Read(ref _allocated[worker * CounterStride]);
            }

            return sum;
        }
    }

    /// <summary>
    /// Runs the job over items [0, items) and returns when all are done. The struct is copied to this call's stack frame, where all workers share it, and
    /// is copied back at the end.
    /// </summary>
    /// <param name="job">The work; its Execute is called from several threads at once.</param>
    /// <param name="items">Number of items, at least 0.</param>
    /// <param name="grain">Items that a worker takes at a time, at least 1. It changes speed only.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    /// <exception cref="InvalidOperationException">The pool is running a job already: from another thread, or from inside this job.</exception>
    /// <remarks>The first exception of any worker is thrown again here after all workers have stopped; items may then be left undone, and the pool stays usable.</remarks>
    public void Run<TJob>(ref TJob job, nint items, nint grain = 1)
        where TJob : struct, IRangeJob
    {
        ArgumentOutOfRangeException.ThrowIfNegative(items);
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (items == 0)
        {
            return;
        }

        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("A compute pool runs one job at a time: it was called from two threads, or from inside a job.");
        }

        try
        {
            VerifyCaller();
            if (_others.Length == 0 || items <= grain)
            {
                job.Execute(0, items, 0);
                return;
            }

            TJob shared = job;
            RunShared(&Invoke<TJob>, Unsafe.AsPointer(ref shared), items, grain);
            job = shared;
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>Stops and joins the threads. Must not be called while a job runs.</summary>
    /// <exception cref="InvalidOperationException">A job is running.</exception>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("A compute pool cannot be disposed while it runs a job.");
        }

        _disposed = true;
        lock (_wake)
        {
            Monitor.PulseAll(_wake);
        }

        foreach (Thread thread in _others)
        {
            thread?.Join();
        }

        Volatile.Write(ref _running, 0);
    }

    private static void Invoke<TJob>(void* job, nint from, nint to, int worker)
        where TJob : struct, IRangeJob => Unsafe.AsRef<TJob>(job).Execute(from, to, worker);

    private void RunShared(delegate*<void*, nint, nint, int, void> execute, void* job, nint items, nint grain)
    {
        _execute = execute;
        _job = job;
        _items = items;
        _grain = grain;
        _failure = null;
        _state.Next = 0;
        _state.Open();
        if (Volatile.Read(ref _state.Sleepers) > 0)
        {
            lock (_wake)
            {
                Monitor.PulseAll(_wake);
            }
        }

        Work(0);
        // Whoever has not come by now would find nothing to do: only those that are inside are waited for.
        if (!_state.Close())
        {
            AwaitWorkers();
        }

        _execute = null;
        _job = null;
        Exception? failure = _failure;
        if (failure is not null)
        {
            _failure = null;
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void AwaitWorkers()
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if (_state.IsIdle)
            {
                return;
            }

            Thread.SpinWait(SpinsPerRound);
        }

        lock (_done)
        {
            Interlocked.Exchange(ref _state.CallerSleeps, 1);
            while (!_state.IsIdle)
            {
                Monitor.Wait(_done);
            }

            _state.CallerSleeps = 0;
        }
    }

    private void Work(int worker)
    {
        nint items = _items;
        nint grain = _grain;
        try
        {
            while (true)
            {
                var from = (nint)(Interlocked.Add(ref _state.Next, grain) - grain);
                if (from >= items)
                {
                    return;
                }

                _execute(_job, from, Math.Min(from + grain, items), worker);
            }
        }
        catch (Exception e)
        {
            // The caller throws it again; ranges that nobody has taken yet are dropped.
            Interlocked.CompareExchange(ref _failure, e, null);
            Interlocked.Exchange(ref _state.Next, items);
        }
    }

    private void WorkerMain(int worker)
    {
        try
        {
            if (_processors is not null)
            {
                Pin(_processors[worker]);
            }

            FloatingPointEnvironment.VerifyCurrentThread();
        }
        catch (Exception e)
        {
            // Thrown again by the constructor, which waits for this.
            Interlocked.CompareExchange(ref _failure, e, null);
        }

        // Before this worker is counted as started, so that its start-up never looks like a job's allocation.
        _allocated[worker * CounterStride] = GC.GetAllocatedBytesForCurrentThread();
        lock (_done)
        {
            _starting--;
            Monitor.Pulse(_done);
        }

        long seen = 0;
        while (AwaitJob(ref seen))
        {
            Work(worker);
            Volatile.Write(ref _allocated[worker * CounterStride], GC.GetAllocatedBytesForCurrentThread());
            if (_state.Leave() && Volatile.Read(ref _state.CallerSleeps) != 0)
            {
                lock (_done)
                {
                    Monitor.Pulse(_done);
                }
            }
        }
    }

    // Enters the next open job; false when the pool is disposed.
    private bool AwaitJob(ref long seen)
    {
        while (true)
        {
            for (int round = 0; round < SpinRounds; round++)
            {
                if (_state.TryEnter(ref seen))
                {
                    return true;
                }

                if (_disposed)
                {
                    return false;
                }

                Thread.SpinWait(SpinsPerRound);
            }

            lock (_wake)
            {
                Interlocked.Increment(ref _state.Sleepers);
                while (!_state.HasJob(seen) && !_disposed)
                {
                    Monitor.Wait(_wake);
                }

                Interlocked.Decrement(ref _state.Sleepers);
            }
        }
    }

    private static void Pin(int processor)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Threads are bound to processors on Linux only.");
        }

        LinuxMemory.PinCurrentThread(processor);
    }

    // Run may be called from another thread than the one that made the pool.
    private void VerifyCaller()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (_verifiedCaller != thread)
        {
            FloatingPointEnvironment.VerifyCurrentThread();
            _verifiedCaller = thread;
        }
    }
}
