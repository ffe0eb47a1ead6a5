using System.Buffers;
using System.Collections.Concurrent;
using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>Once buffers have grown, messages and collectives allocate nothing on the threads that carry them.</summary>
public sealed class SteadyStateTests
{
    private const int Warm = 300;
    private const int Measured = 1000;

    [Fact]
    public void Messages_InASteadyStream_AllocateNothingOnCallerSenderAndReceiver()
    {
        using TcpWorld tcp = new(2);
        AllocationHandler received = new();
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(1), received);
        using IMesh sender = tcp.Open(TcpWorld.Identity(0));
        using IMesh receiver = TcpWorld.Wait(opening);
        AllocationMemory payload = new(70_000);
        ReadOnlyMemory<byte> memory = payload.Memory;
        byte[] header = new byte[100];
        long atCaller = 0;
        for (int i = 0; i < Warm + Measured; i++)
        {
            if (i == Warm)
            {
                atCaller = GC.GetAllocatedBytesForCurrentThread();
            }

            long number = sender.Post(1, 1, header, memory);
            sender.Send(1, 2, header, header);
            sender.WaitSent(1, number);
        }

        atCaller = GC.GetAllocatedBytesForCurrentThread() - atCaller;
        Assert.True(received.Done.Wait(MeshWorld.Patience));

        Assert.Equal(0, atCaller);
        Assert.Equal(0, received.Allocated);
        Assert.Equal(0, payload.AllocatedBySender);
    }

    [Fact]
    public void Collectives_InASteadyStream_AllocateNothingOnTheirCallers()
    {
        using MeshWorld world = new TcpWorld(3).OpenAll();
        ConcurrentDictionary<int, long> allocated = new();
        world.OnAll(mesh =>
        {
            MeshGroup group = mesh.Group(0, [0, 1, 2]);
            byte[] mine = new byte[5000];
            byte[] all = new byte[15_000];
            byte[] parts = new byte[15_000];
            int[] lengths = [5000, 5000, 5000];
            long before = 0;
            for (int i = 0; i < Warm + Measured; i++)
            {
                if (i == Warm)
                {
                    before = GC.GetAllocatedBytesForCurrentThread();
                }

                group.AllGather(mine, all);
                group.AllToAll(all, lengths, parts, lengths);
                group.Barrier();
                group.Send((mesh.Self + 1) % 3, 1, mine);
                group.Receive((mesh.Self + 2) % 3, 1, mine);
            }

            allocated[mesh.Self] = GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.All(allocated, a => Assert.Equal(0, a.Value));
    }

    private sealed class AllocationHandler : IMeshHandler
    {
        private long _before;
        private int _messages;

        public ManualResetEventSlim Done { get; } = new();

        public long Allocated { get; private set; } = -1;

        public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
        {
            _messages++;
            if (_messages == 2 * Warm)
            {
                _before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (_messages == 2 * (Warm + Measured))
            {
                Allocated = GC.GetAllocatedBytesForCurrentThread() - _before;
                Done.Set();
            }
        }
    }

    /// <summary>Its span is asked for on the sender thread, once per message: a place to read that thread's counter.</summary>
    private sealed class AllocationMemory(int bytes) : MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[bytes];
        private int _asked;
        private long _before;

        public long AllocatedBySender { get; private set; } = -1;

        public override Span<byte> GetSpan()
        {
            _asked++;
            if (_asked == Warm)
            {
                _before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (_asked == Warm + Measured)
            {
                AllocatedBySender = GC.GetAllocatedBytesForCurrentThread() - _before;
            }

            return _bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
