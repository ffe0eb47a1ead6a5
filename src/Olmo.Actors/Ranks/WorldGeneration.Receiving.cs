using System.Runtime.InteropServices;
using Olmo.Actors.Collectives;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>What comes from other ranks, on the threads of the mesh.</content>
internal sealed partial class WorldGeneration : IMeshHandler
{
    private readonly ulong[][] _frameWords;
    private readonly int[] _baseLeft; // by shard: base frames that are still to come

    /// <summary>All base pieces of the owned shards are there; under the pair's gate.</summary>
    public bool HasBase(int shard) => Volatile.Read(ref _baseLeft[shard]) == 0;

    /// <inheritdoc/>
    public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        WorldHeader head = WorldHeader.Read(header);
        switch (kind)
        {
            case WorldMessageKind.Sum:
                OnSum(peer, (SumRoute)head.Detail, payload);
                break;
            case WorldMessageKind.Announcements:
                OnAnnouncements(head, payload);
                break;
            case WorldMessageKind.Parameters:
                OnParameters(head, payload);
                break;
            case WorldMessageKind.ParametersWanted:
                OnParametersWanted(peer);
                break;
            case WorldMessageKind.StateWanted:
                Enqueue(new Outgoing(OutgoingKind.State, 0, head.Shard, peer, head.Step, Bitmap: payload.ToArray()));
                break;
            case WorldMessageKind.StateFollows:
                OnStateFollows(peer, head, payload);
                break;
            case WorldMessageKind.StateChunks:
                OnStateChunks(peer, head, payload);
                break;
            case WorldMessageKind.Audit:
                OnAudit(head);
                break;
            default:
                throw new InvalidDataException($"a message of the unknown kind {kind}");
        }
    }

    private void OnSum(int peer, SumRoute route, ReadOnlySpan<byte> payload)
    {
        SumFrame frame = SumFrame.Read(payload, _frameWords[peer], _engine.Run);
        if (frame.Id.RunId != _engine.Run || frame.Id.Timeline != Plan.Timeline || (uint)frame.Shard >= (uint)World.Shards || _placeOfShard[frame.Shard] < 0)
        {
            throw new InvalidDataException($"a sum of shard {frame.Shard} of {frame.Id}, which is not owned here in timeline {Plan.Timeline} of '{_engine.Run}'");
        }

        FrameTag tag = new(frame.Id.Generation, frame.Id.Step, GroupMask.From(frame.Groups));
        while (WaitTurn(frame.Id.Step, frame.Id.Attempt))
        {
            lock (Sums.Gate)
            {
                SumPieces held = Sums.Pieces(frame.Layer, frame.Shard);
                FrameVerdict verdict = frame.Id.Step == _sumStep && frame.Id.Attempt < _attempt
                    ? FrameVerdict.Old
                    : RankRules.JudgeFrame(tag, Standing, _sumStep, held, _engine.Rules);
                if (verdict is FrameVerdict.Wait)
                {
                    continue;
                }

                if (verdict is FrameVerdict.Overlap)
                {
                    throw new OverlappingGroupsException(frame.Layer, frame.Shard, held.Total.ToString(), tag.Groups.ToString());
                }

                if (verdict is FrameVerdict.Add)
                {
                    (route == SumRoute.Contribution ? Sums.Own : Sums.Foreign!).Add(frame);
                    if (route == SumRoute.Base)
                    {
                        _engine.SetupProgresses();
                        Interlocked.Decrement(ref _baseLeft[frame.Shard]);
                        _engine.AddMovedBytes(payload.Length);
                        _engine.Wake();
                    }

                    Changed(frame.Layer, frame.Shard);
                }

                return;
            }
        }
    }

    // A peer that has gone on to the next step or attempt may be heard before this rank has: its announcements, which came before, let this rank follow.
    private bool WaitTurn(long step, int attempt)
    {
        lock (_engine.Gate)
        {
            while (IsAhead(step, attempt))
            {
                if (IsOver)
                {
                    return false;
                }

                Monitor.Wait(_engine.Gate);
            }

            return MayAct;
        }
    }

    private bool IsAhead(long step, int attempt) => step > _sumStep || (step == _sumStep && attempt > _attempt);

    private void OnAnnouncements(in WorldHeader head, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != (long)head.Count * AnnouncementBytes.Each || (uint)head.First >= (uint)World.Replicas)
        {
            throw new InvalidDataException($"{head.Count} announcements of replica {head.First} in {payload.Length} bytes");
        }

        if (!WaitTurn(head.Step, head.Detail))
        {
            return;
        }

        lock (_engine.Gate)
        {
            if (RankRules.JudgeAnnouncement(Number, head.Step, Standing, _sumStep, _engine.Rules) != AnnouncementVerdict.Count || head.Detail != _attempt)
            {
                return;
            }

            StepIdentity id = Id;
            for (int i = 0; i < head.Count; i++)
            {
                Announcement said = AnnouncementBytes.Read(id, head.First, payload.Slice(i * AnnouncementBytes.Each, AnnouncementBytes.Each));
                if ((uint)said.Shard >= (uint)World.Shards)
                {
                    throw new InvalidDataException($"an announcement of shard {said.Shard} of {World.Shards}");
                }

                Count(said);
            }

            if (IsFullyAnnounced)
            {
                Monitor.PulseAll(_engine.Gate);
            }
        }
    }

    // An owner of the own replica has applied the step: nobody computes with the parameters before it any more, since every contribution to it was made.
    private void OnParameters(in WorldHeader head, ReadOnlySpan<byte> payload)
    {
        _engine.SetupProgresses();
        ParameterLayout layout = Holding.Placement.Layout;
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(payload);
        int at = 0;
        lock (_engine.Gate)
        {
            if (!MayAct || head.Step < _sumStep - 1 || head.Step > _sumStep)
            {
                return;
            }
        }

        for (int k = head.First; k < head.First + head.Count; k++)
        {
            ParameterChunk chunk = layout.ChunkAt(layout.ChunkOfShard(head.Shard, k));
            _engine.Parameters.Write(chunk.Tensor, chunk.Offset, values.Slice(at, chunk.Length));
            at += chunk.Length;
        }

        lock (_engine.Gate)
        {
            for (int k = head.First; k < head.First + head.Count; k++)
            {
                _engine.ParameterSteps.Set(layout.ChunkOfShard(head.Shard, k), head.Step);
            }

            if (_engine.ParameterSteps.Step >= 0)
            {
                Monitor.PulseAll(_engine.Gate);
            }
        }
    }

    private void OnParametersWanted(int peer)
    {
        lock (_engine.Gate)
        {
            if (_givesParameters)
            {
                Enqueue(new Outgoing(OutgoingKind.Parameters, Peer: peer, Step: Plan.StateStep));
                return;
            }

            _wantParameters.Add(peer);
            Monitor.PulseAll(_engine.Gate);
        }
    }

    private void OnStateFollows(int peer, in WorldHeader head, ReadOnlySpan<byte> payload)
    {
        lock (_engine.Gate)
        {
            if (!_fetches.TryGetValue(head.Shard, out StateFetch? fetch) || fetch.Donor != Plan.Members[peer])
            {
                return;
            }

            if (head.Count < 0)
            {
                AskNextDonor(fetch);
                return;
            }

            fetch.Digest = head.Digest;
            fetch.Progress = payload.ToArray();
            fetch.IsAnswered = true;
            Monitor.PulseAll(_engine.Gate);
        }
    }

    private void OnStateChunks(int peer, in WorldHeader head, ReadOnlySpan<byte> payload)
    {
        bool isIntact = PayloadChecksum.Of(payload) == head.Digest || !_engine.Drill.Guards.ChunkDigest;
        lock (_engine.Gate)
        {
            if (!_fetches.TryGetValue(head.Shard, out StateFetch? fetch) || head.Step != Plan.StateStep)
            {
                return;
            }

            if (!isIntact)
            {
                Interlocked.Increment(ref _engine.RejectedBlocks);
                if (fetch.Donor == Plan.Members[peer])
                {
                    AskNextDonor(fetch);
                }

                return;
            }
        }

        _engine.SetupProgresses();
        _engine.Probe.Reached(Phases.Transfer, Plan.StateStep);
        ParameterLayout layout = Holding.Placement.Layout;
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(payload);
        int at = 0;
        for (int k = head.First; k < head.First + head.Count; k++)
        {
            int chunk = layout.ChunkOfShard(head.Shard, k);
            int length = layout.ChunkAt(chunk).Length;
            bool isThere;
            lock (_engine.Gate)
            {
                isThere = Holding.Has(chunk);
            }

            for (int plane = 0; plane < TrainingState.Planes; plane++, at += length)
            {
                if (!isThere)
                {
                    Holding.State.Write(plane, chunk, values.Slice(at, length));
                }
            }

            lock (_engine.Gate)
            {
                Holding.Took(chunk);
            }
        }

        _engine.AddMovedBytes(payload.Length);
        _engine.Wake();
    }
}
