using Olmo.Model.Compute;

namespace Olmo.Model.Tests.Compute;

public sealed class ComputePoolTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1000, 1)]
    [InlineData(3, 1000, 7)]
    [InlineData(4, 5, 100)]
    [InlineData(8, 3, 1)]
    public void Run_AnyThreadsAndGrain_DoesEveryItemOnce(int threads, int items, int grain)
    {
        using var pool = new ComputePool(threads);
        var counts = new int[items];
        var job = new CountJob { Counts = counts, Threads = threads };
        pool.Run(ref job, items, grain);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Run_ManySmallJobs_EachIsCompleteWhenItReturns()
    {
        using var pool = new ComputePool(3);
        var counts = new int[17];
        for (int round = 1; round <= 20_000; round++)
        {
            var job = new CountJob { Counts = counts, Threads = 3 };
            pool.Run(ref job, counts.Length);
            Assert.DoesNotContain(counts, count => count != round);
        }
    }

    [Fact]
    public void Run_NoItems_DoesNotCallTheJob()
    {
        using var pool = new ComputePool(2);
        var job = new CountJob { Counts = [], Threads = 2 };
        pool.Run(ref job, 0);
    }

    [Fact]
    public void Run_JobHoldsPlainState_IsCopiedBack()
    {
        using var pool = new ComputePool(2);
        var job = new SumJob();
        pool.Run(ref job, 1001);
        Assert.Equal(1001L * 1000 / 2, job.Sum);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_JobThrows_CallerSeesTheExceptionAndThePoolStaysUsable(int threads)
    {
        using var pool = new ComputePool(threads);
        for (int round = 0; round < 200; round++)
        {
            var failing = new FailingJob { At = round % 64 };
            var e = Assert.Throws<InvalidDataException>(() => pool.Run(ref failing, 64));
            Assert.Equal($"item {round % 64}", e.Message);
            var counts = new int[64];
            var job = new CountJob { Counts = counts, Threads = threads };
            pool.Run(ref job, counts.Length);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Run_InsideAJob_IsRefused()
    {
        using var pool = new ComputePool(2);
        var job = new NestedJob { Pool = pool };
        Assert.Throws<InvalidOperationException>(() => pool.Run(ref job, 4));
    }

    [Fact]
    public void Run_AllocatesNothing()
    {
        using var pool = new ComputePool(2);
        var job = new SumJob();
        pool.Run(ref job, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            pool.Run(ref job, 100);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Pools_TwoAtOnce_DoNotDisturbEachOther()
    {
        var failures = new Exception?[2];
        var threads = new Thread[2];
        for (int t = 0; t < 2; t++)
        {
            int index = t;
            threads[t] = new Thread(() => failures[index] = Record.Exception(() =>
            {
                using var pool = new ComputePool(3);
                for (int round = 0; round < 2000; round++)
                {
                    var job = new SumJob();
                    pool.Run(ref job, 100 + index);
                    Assert.Equal((100L + index) * (99 + index) / 2, job.Sum);
                }
            }));
            threads[t].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.All(failures, Assert.Null);
    }

    [Fact]
    public void Run_AfterAPause_WakesSleepingWorkers()
    {
        using var pool = new ComputePool(2);
        var both = new MeetingJob { Arrived = new CountdownEvent(2) };
        using var paused = new ManualResetEventSlim();
        paused.Wait(TimeSpan.FromMilliseconds(50)); // the workers fall asleep; nothing depends on whether they did
        pool.Run(ref both, 2);
        Assert.True(both.Arrived.IsSet);
        both.Arrived.Dispose();
    }

    [Fact]
    public void Run_AfterDispose_IsRefused()
    {
        var pool = new ComputePool(2);
        pool.Dispose();
        pool.Dispose();
        var job = new SumJob();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(ref job, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public void Constructor_ThreadsOutOfRange_IsRefused(int threads) => Assert.Throws<ArgumentOutOfRangeException>(() => new ComputePool(threads));

    [Fact]
    public void Constructor_ProcessorThatDoesNotExist_IsReported()
    {
        if (OperatingSystem.IsLinux())
        {
            var e = Assert.Throws<PlatformNotSupportedException>(() => new ComputePool(2, [0, 1023]));
            Assert.Contains("1023", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AllocatedBytes_WorkerAllocates_GrowsByThat()
    {
        using var pool = new ComputePool(2);
        using var arrived = new CountdownEvent(2);
        long before = pool.AllocatedBytes;
        var job = new AllocatingJob { Arrived = arrived, Bytes = 5000 };
        pool.Run(ref job, 2);
        Assert.InRange(pool.AllocatedBytes - before, 5000, 5000 + 4096);
    }

    [Fact]
    public void AllocatedBytes_JobsAllocateNothing_StaysTheSame()
    {
        using var pool = new ComputePool(2);
        var job = new SumJob();
        pool.Run(ref job, 1000);
        long before = pool.AllocatedBytes;
        for (int round = 0; round < 100; round++)
        {
            pool.Run(ref job, 1000);
        }

        Assert.Equal(before, pool.AllocatedBytes);
    }

    private struct CountJob : IRangeJob
    {
        public int[] Counts;
        public int Threads;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if ((uint)worker >= (uint)Threads)
            {
                throw new InvalidOperationException($"worker {worker}");
            }

            for (nint i = from; i < to; i++)
            {
                Interlocked.Increment(ref Counts[i]);
            }
        }
    }

    private struct SumJob : IRangeJob
    {
        public long Sum;

        public void Execute(nint from, nint to, int worker)
        {
            for (nint i = from; i < to; i++)
            {
                Interlocked.Add(ref Sum, i);
            }
        }
    }

    private struct FailingJob : IRangeJob
    {
        public int At;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (from <= At && At < to)
            {
                throw new InvalidDataException($"item {At}");
            }
        }
    }

    private struct NestedJob : IRangeJob
    {
        public ComputePool Pool;

        public readonly void Execute(nint from, nint to, int worker)
        {
            var inner = new SumJob();
            Pool.Run(ref inner, 1);
        }
    }

    private struct MeetingJob : IRangeJob
    {
        public CountdownEvent Arrived;

        // Each item waits for the other one, so it ends only if two workers came.
        public readonly void Execute(nint from, nint to, int worker)
        {
            Arrived.Signal();
            Arrived.Wait();
        }
    }

    private struct AllocatingJob : IRangeJob
    {
        public CountdownEvent Arrived;
        public int Bytes;

        // Each item waits for the other one, so that one of the two is the pool's own thread's.
        public readonly void Execute(nint from, nint to, int worker)
        {
            Arrived.Signal();
            Arrived.Wait();
            if (worker != 0)
            {
                GC.KeepAlive(new byte[Bytes]);
            }
        }
    }
}
