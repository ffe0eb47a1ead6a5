using Olmo.Actors.Collectives;

namespace Olmo.Mesh;

/// <summary>Times of small collectives and of aborts.</summary>
internal static class Latency
{
    private const int Ranks = 4;
    private const int AnnouncementBytes = 100;

    /// <summary>All-gather of 100 bytes among 4 ranks, as rank 0 sees it.</summary>
    public static void AllGather(MeshSettings settings, int repetitions)
    {
        using MeshSet set = new(Ranks, settings);
        IMesh[] meshes = set.Open(_ => new CountingHandler());
        double[] microseconds = new double[repetitions];
        long allocated = 0;
        MeshSet.Parallel(Ranks, rank =>
        {
            MeshGroup group = meshes[rank].Group(0, [0, 1, 2, 3]);
            byte[] mine = new byte[AnnouncementBytes];
            byte[] all = new byte[AnnouncementBytes * Ranks];
            for (int i = 0; i < 500; i++)
            {
                group.AllGather(mine, all);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < repetitions; i++)
            {
                long start = TimeProvider.System.GetTimestamp();
                group.AllGather(mine, all);
                if (rank == 0)
                {
                    microseconds[i] = TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
                }
            }

            Interlocked.Add(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        });
        Console.WriteLine($"all-gather of {AnnouncementBytes} bytes, {Ranks} ranks: {Percentiles(microseconds, "us")}; {allocated} bytes allocated by the calling threads in {repetitions}");
        Close(meshes);
    }

    /// <summary>
    /// Aborts of rank 0 while, on every rank, a thread waits in a barrier, one in a receive and one in a send that the peer does not read: the time from the call until the
    /// last waiter of rank 0, and of all ranks, is released.
    /// </summary>
    /// <returns>p99 of rank 0 and of all ranks, milliseconds.</returns>
    public static (double Own, double All) Abort(MeshSettings settings, int aborts)
    {
        // Small socket buffers, so that a few MiB that nobody reads hold their sender.
        using MeshSet set = new(Ranks, settings with { SocketBufferBytes = 128 << 10 });
        byte[] large = new byte[4 << 20];
        double[] own = new double[aborts];
        double[] all = new double[aborts];
        for (int i = 0; i < aborts; i++)
        {
            (own[i], all[i]) = AbortOnce(set, large);
        }

        double[] bare = new double[aborts];
        for (int i = 0; i < aborts; i++)
        {
            bare[i] = WakeOnce();
        }

        Console.WriteLine($"for comparison, an event that 3 threads wait for, {aborts} times: {Percentiles(bare, "ms")}");
        Console.WriteLine($"abort, {Ranks} ranks, {aborts} times: own waiters {Percentiles(own, "ms")}; waiters of all ranks {Percentiles(all, "ms")}");
        return (At(own, 0.99), At(all, 0.99));
    }

    private static (double Own, double All) AbortOnce(MeshSet set, byte[] large)
    {
        using ManualResetEventSlim hold = new();
        IMesh[] meshes = set.Open(_ => new HoldingHandler(hold));
        long[] released = new long[Ranks * 3];
        Thread[] threads = [.. Enumerable.Range(0, released.Length).Select(t => Waiter(meshes[t / 3], t % 3, large, () => released[t] = TimeProvider.System.GetTimestamp()))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        // Each rank has begun a barrier (3 out, 3 in; the group with rank 3 never completes), a receive and a send.
        SpinWait.SpinUntil(() => meshes.All(IsWaiting));
        long start = TimeProvider.System.GetTimestamp();
        meshes[0].Abort(MeshError.Aborted("bench"));
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        hold.Set();
        Close(meshes);
        double Until(IEnumerable<long> times) => TimeProvider.System.GetElapsedTime(start, times.Max()).TotalMilliseconds;
        return (Until(released.Take(3)), Until(released));
    }

    // What this machine, as loaded as it is now, takes to wake three threads and no more.
    private static double WakeOnce()
    {
        using ManualResetEvent held = new(false);
        using CountdownEvent begun = new(3);
        long[] released = new long[3];
        Thread[] threads = [.. Enumerable.Range(0, released.Length).Select(t => new Thread(() =>
        {
            begun.Signal();
            held.WaitOne();
            released[t] = TimeProvider.System.GetTimestamp();
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        begun.Wait();
        SpinWait.SpinUntil(() => threads.All(t => (t.ThreadState & ThreadState.WaitSleepJoin) != 0));
        long start = TimeProvider.System.GetTimestamp();
        held.Set();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return TimeProvider.System.GetElapsedTime(start, released.Max()).TotalMilliseconds;
    }

    private static Thread Waiter(IMesh mesh, int what, byte[] large, Action done) => new(() =>
    {
        int next = (mesh.Self + 1) % Ranks;
        int before = (mesh.Self + Ranks - 1) % Ranks;
        try
        {
            switch (what)
            {
                case 0:
                    mesh.Group(mesh.Self, [.. new[] { mesh.Self, next }.Order()]).Barrier(); // nobody else makes this group
                    break;
                case 1:
                    mesh.Group(10 + mesh.Self, [.. new[] { mesh.Self, before }.Order()]).Receive(before, 1, new byte[1]);
                    break;
                default:
                    mesh.Send((mesh.Self + 2) % Ranks, 1, [], large);
                    mesh.Send((mesh.Self + 2) % Ranks, 1, [], large);
                    break;
            }

            throw new InvalidOperationException($"waiter {what} was not held");
        }
        catch (MeshException)
        {
            done();
        }
    })
    {
        IsBackground = true,
    };

    private static bool IsWaiting(IMesh mesh)
    {
        MeshOperations operations = mesh.Operations();
        OperationRecord[] active = [.. operations.Peers.SelectMany(p => p.Collectives.Concat(p.Messages)).Where(r => r.State == OperationState.Active)];
        return active.Any(r => r.Kind == OperationKind.Barrier && r.Direction == OperationDirection.In)
            && active.Any(r => r.Kind == OperationKind.PointToPoint)
            && active.Any(r => r.Kind == OperationKind.Message && r.Direction == OperationDirection.Out && r.Number == 2);
    }

    private static void Close(IMesh[] meshes)
    {
        foreach (IMesh mesh in meshes)
        {
            mesh.Dispose();
        }
    }

    private static double At(double[] values, double quantile) => values.Order().ElementAt(Math.Min(values.Length - 1, (int)(quantile * values.Length)));

    private static string Percentiles(double[] values, string unit) => $"p50 {At(values, 0.5):0.###} p99 {At(values, 0.99):0.###} max {values.Max():0.###} {unit}";

    private sealed class HoldingHandler(ManualResetEventSlim hold) : IMeshHandler
    {
        public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) => hold.Wait();
    }
}
