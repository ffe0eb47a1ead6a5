using System.Runtime.InteropServices;
using Olmo.Actors.Collectives;
using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>What is sent, frame by frame, on the sending thread.</content>
internal sealed partial class WorldGeneration
{
    private void SendContribution(GradientAccumulator from, in Outgoing next)
    {
        if (!IsDue(next, out StepIdentity id, out bool[]? voidShards))
        {
            return;
        }

        int layer = next.Layer;
        int group = next.Group;
        _engine.Probe.Reached(Phases.Sums, id.Step);
        for (int shard = 0; shard < World.Shards; shard++)
        {
            int owner = World.OwnerOf(Replica, shard);
            bool isInPlace = owner == Self && group < 0 && Sums.OwnIsLocal; // counts as a whole, also where only some shards are void
            if (!isInPlace && (group < 0 ? !UsesRun(id.Step, voidShards, layer, shard) : !UsesSingle(layer, shard, group)))
            {
                continue;
            }

            if (owner != Self)
            {
                SendSum(owner, SumRoute.Contribution, from, layer, shard, id, from.WriteFrame(layer, shard, id, _frame));
                continue;
            }

            lock (Sums.Gate)
            {
                if (!MayAct || id.Step != _sumStep || id.Attempt != _attempt)
                {
                    return;
                }

                if (!isInPlace)
                {
                    Sums.Own.Add(from, layer, shard);
                }
                else if (World.Replicas == 1)
                {
                    from.Seal(layer, shard); // with more replicas the frame of the exchange does that
                }

                Changed(layer, shard);
            }
        }
    }

    private void SendExchange(in Outgoing next)
    {
        if (!IsDue(next, out StepIdentity id, out _))
        {
            return;
        }

        int layer = next.Layer;
        int shard = next.Shard;
        int length;
        if (!_engine.Rules.OwnOnly)
        {
            lock (Sums.Gate)
            {
                length = Sums.WithForeign(layer, shard).WriteFrame(layer, shard, id, _frame);
            }
        }
        else if (Sums.OwnIsLocal)
        {
            length = Sums.Own.WriteFrame(layer, shard, id, _frame);
        }
        else
        {
            lock (Sums.Gate)
            {
                length = Sums.Own.WriteFrame(layer, shard, id, _frame);
            }
        }

        for (int replica = 0; replica < World.Replicas; replica++)
        {
            if (replica != Replica)
            {
                SendSum(World.OwnerOf(replica, shard), SumRoute.Exchange, Sums.Own, layer, shard, id, length);
            }
        }
    }

    private void SendSum(int peer, SumRoute route, GradientAccumulator from, int layer, int shard, in StepIdentity id, int length) =>
        Send(peer, WorldMessageKind.Sum, new WorldHeader(id.Step, shard, layer, from.Groups, (int)route), _frame.AsSpan(0, length), PayloadCheck.Own);

    private void SendParametersTo(int peer, long step)
    {
        if (step <= Plan.StateStep)
        {
            _engine.Probe.Reached(Phases.Transfer, step);
        }

        ParameterLayout layout = Holding.Placement.Layout;
        foreach (int shard in Holding.Placement.Shards)
        {
            for (int first = 0; first < layout.ChunksOfShard(shard); first += ParameterChunksOfBlock)
            {
                int count = Math.Min(ParameterChunksOfBlock, layout.ChunksOfShard(shard) - first);
                Span<float> values = MemoryMarshal.Cast<byte, float>(Block(count * ParameterLayout.ChunkElements * sizeof(float)));
                int filled = 0;
                for (int k = first; k < first + count; k++)
                {
                    int chunk = layout.ChunkOfShard(shard, k);
                    int length = layout.ChunkAt(chunk).Length;
                    Holding.State.Read(0, chunk, values.Slice(filled, length));
                    filled += length;
                }

                WorldHeader header = new(step, shard, first, count);
                ReadOnlySpan<byte> bytes = _block.AsSpan(0, filled * sizeof(float));
                for (int p = peer < 0 ? FirstOfReplica : peer; p < (peer < 0 ? EndOfReplica : peer + 1); p++)
                {
                    if (p != Self)
                    {
                        Send(p, WorldMessageKind.Parameters, header, bytes);
                    }
                }
            }
        }
    }

    private void SendState(in Outgoing wanted)
    {
        Holding? holding = _engine.HoldingOf(wanted.Shard, wanted.Step);
        if (holding is null)
        {
            Send(wanted.Peer, WorldMessageKind.StateFollows, new WorldHeader(wanted.Step, wanted.Shard, Count: -1), []);
            return;
        }

        ParameterLayout layout = holding.Placement.Layout;
        int chunks = layout.ChunksOfShard(wanted.Shard);
        byte[] progress = holding.State.Progress.ToBytes();
        ulong whole = unchecked(holding.State.DigestOf(wanted.Shard) + RunProgress.DigestOf(progress));
        Send(wanted.Peer, WorldMessageKind.StateFollows, new WorldHeader(wanted.Step, wanted.Shard, Count: chunks, Digest: whole), progress);
        _engine.Probe.Reached(Phases.Donate, wanted.Step);
        for (int k = 0; k < chunks;)
        {
            int first = k;
            int filled = 0;
            Span<float> values = MemoryMarshal.Cast<byte, float>(Block(StateChunksOfBlock * ParameterLayout.ChunkElements * TrainingState.Planes * sizeof(float)));
            while (k < chunks && k < first + StateChunksOfBlock && (wanted.Bitmap![k >> 3] >> (k & 7) & 1) != 0)
            {
                int chunk = layout.ChunkOfShard(wanted.Shard, k++);
                int length = layout.ChunkAt(chunk).Length;
                for (int plane = 0; plane < TrainingState.Planes; plane++, filled += length)
                {
                    holding.State.Read(plane, chunk, values.Slice(filled, length));
                }
            }

            if (k == first)
            {
                k++;
                continue;
            }

            ReadOnlySpan<byte> bytes = _block.AsSpan(0, filled * sizeof(float));
            uint digest = PayloadChecksum.Of(bytes);
            if (_engine.Drill.Strikes(DrillAct.FlipTransfer, wanted.Step) is not null)
            {
                _block[bytes.Length / 2] ^= 1;
            }

            Send(wanted.Peer, WorldMessageKind.StateChunks, new WorldHeader(wanted.Step, wanted.Shard, first, k - first, Digest: digest), bytes, PayloadCheck.Own);
        }
    }

    private Span<byte> Block(int bytes)
    {
        if (_block.Length < bytes)
        {
            _block = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        }

        return _block.AsSpan(0, bytes);
    }

    private void Send(int peer, ushort kind, in WorldHeader header, ReadOnlySpan<byte> payload, PayloadCheck check = PayloadCheck.Crc)
    {
        Span<byte> head = stackalloc byte[WorldHeader.Bytes];
        header.Write(head);
        Mesh!.Send(peer, kind, head, payload, check);
        int route = kind == WorldMessageKind.Sum ? header.Detail : 0;
        _engine.CountSent(kind, (SumRoute)route, MessageFrame.FixedBytes + WorldHeader.Bytes + payload.Length);
    }
}
