using Olmo.Actors.Collectives;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <content>What is still to come when a generation begins: state from donors, base pieces, parameters (rules 14 and 15).</content>
internal sealed partial class WorldGeneration
{
    /// <summary>The parameters stand at the step before the one whose sums are taken.</summary>
    public bool HasParameters => _engine.ParameterSteps.Step == _sumStep - 1;

    /// <summary>By the control thread: a base piece goes to an owner that lacks it.</summary>
    public void GiveBase(int receiver, int layer, int shard, ReadOnlySpan<byte> frame)
    {
        _engine.Probe.Reached(Phases.Transfer, Plan.StateStep);
        Send(receiver, WorldMessageKind.Sum, new WorldHeader(Plan.StateStep + 1, shard, layer, World.Groups, (int)SumRoute.Base), frame, PayloadCheck.Own);
    }

    /// <summary>By the control thread: asks for what lacks and returns when all is there.</summary>
    /// <param name="gathers">The parameters are a mix, or of another step.</param>
    /// <param name="ended">The generation ended.</param>
    /// <returns>False if the generation ended before.</returns>
    /// <exception cref="StateTransferException">No donor gave a shard.</exception>
    public bool Complete(bool gathers, CancellationToken ended)
    {
        lock (_engine.Gate)
        {
            foreach (ShardMove move in Plan.Moves)
            {
                if (move.To == _engine.RankId && !Holding.IsVerified(move.Shard))
                {
                    StateFetch fetch = new(move.Shard, move.Donors);
                    _fetches.Add(move.Shard, fetch);
                    AskNextDonor(fetch);
                }
            }

            gathers &= !HasParameters;
            for (int p = FirstOfReplica; gathers && p < EndOfReplica; p++)
            {
                if (p != Self)
                {
                    Enqueue(new Outgoing(OutgoingKind.AskParameters, Peer: p, Step: Plan.StateStep));
                }
            }
        }

        if (!CompleteState(ended))
        {
            return false;
        }

        if (gathers)
        {
            Holding.State.Gather(_engine.Parameters);
            _engine.SetOwnParametersOf(Holding, Plan.StateStep);
        }

        return Serve(ended);
    }

    // Verifies shards as they come; the owned state is whole when it returns true.
    private bool CompleteState(CancellationToken ended)
    {
        while (true)
        {
            StateFetch? there = null;
            lock (_engine.Gate)
            {
                while (there is null)
                {
                    if (IsOver || ended.IsCancellationRequested)
                    {
                        return false;
                    }

                    if (_fetches.Count == 0)
                    {
                        return true;
                    }

                    foreach (StateFetch fetch in _fetches.Values)
                    {
                        if (fetch.HasFailed)
                        {
                            throw new StateTransferException(fetch.Shard, Plan.StateStep, fetch.Donors);
                        }

                        there ??= fetch.IsAnswered && Holding.HasAll(fetch.Shard) ? fetch : null;
                    }

                    if (there is null)
                    {
                        Monitor.Wait(_engine.Gate);
                    }
                }
            }

            Verify(there);
        }
    }

    private void Verify(StateFetch fetch)
    {
        ParameterLayout layout = Holding.Placement.Layout;
        ulong digest = RunProgress.DigestOf(fetch.Progress);
        for (int k = 0; k < layout.ChunksOfShard(fetch.Shard); k++)
        {
            digest += Holding.State.RefreshDigest(layout.ChunkOfShard(fetch.Shard, k));
        }

        lock (_engine.Gate)
        {
            if (digest != fetch.Digest && _engine.Drill.Guards.StateDigest)
            {
                Interlocked.Increment(ref _engine.RejectedBlocks);
                Holding.Forget(fetch.Shard);
                AskNextDonor(fetch);
                return;
            }

            if (Holding.State.Progress.Step != Plan.StateStep)
            {
                Holding.State.Progress.Restore(fetch.Progress);
            }

            Holding.Verify(fetch.Shard);
            _fetches.Remove(fetch.Shard);
        }
    }

    // Gives the parameters to whoever asked until all that this rank needs is there; later questions are answered by the receive threads' queue.
    private bool Serve(CancellationToken ended)
    {
        while (true)
        {
            lock (_engine.Gate)
            {
                _givesParameters = true;
                foreach (int peer in _wantParameters)
                {
                    Enqueue(new Outgoing(OutgoingKind.Parameters, Peer: peer, Step: Plan.StateStep));
                }

                _wantParameters.Clear();
                if (IsOver || ended.IsCancellationRequested)
                {
                    return false;
                }

                if (HasParameters && Holding.Placement.Shards.All(HasBase))
                {
                    IsJoined = true;
                    Monitor.PulseAll(_engine.Gate);
                    return true;
                }

                Monitor.Wait(_engine.Gate);
            }
        }
    }

    // Under the gate.
    private void AskNextDonor(StateFetch fetch)
    {
        fetch.Advance();
        if (fetch.HasFailed)
        {
            Monitor.PulseAll(_engine.Gate);
            return;
        }

        ParameterLayout layout = Holding.Placement.Layout;
        byte[] lacks = new byte[(layout.ChunksOfShard(fetch.Shard) + 7) / 8];
        for (int k = 0; k < layout.ChunksOfShard(fetch.Shard); k++)
        {
            if (!Holding.Has(layout.ChunkOfShard(fetch.Shard, k)))
            {
                lacks[k >> 3] |= (byte)(1 << (k & 7));
            }
        }

        Enqueue(new Outgoing(OutgoingKind.AskState, 0, fetch.Shard, Plan.PositionOf(fetch.Donor), Plan.StateStep, Bitmap: lacks));
    }
}
