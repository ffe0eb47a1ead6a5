namespace Olmo.Actors.Worlds;

/// <summary>
/// The rules of the step protocol for one rank, as pure functions: the engine asks them with its real sums, the simulator with sets alone. Rule numbers are those of
/// docs/decisions/0004. The last argument switches rules off in simulations; the product gives none.
/// </summary>
public static class RankRules
{
    /// <summary>May a sum be added? (Rules 1, 7 and 12.)</summary>
    /// <param name="frame">The frame, whole and verified.</param>
    /// <param name="rank">The receiver.</param>
    /// <param name="sumStep">Step whose sums the receiver's accumulators of this shard hold or will hold next: one more than its state has seen, m + 1 while its state is fetched.</param>
    /// <param name="held">Groups that the two sums of the range hold.</param>
    /// <param name="rules">Null: all.</param>
    public static FrameVerdict JudgeFrame(in FrameTag frame, in RankStanding rank, long sumStep, in SumPieces held, ProtocolRules? rules = null)
    {
        if (frame.Generation != rank.Generation)
        {
            return frame.Generation > rank.Generation ? FrameVerdict.Wait : FrameVerdict.Old;
        }

        if (rank.IsPromised && (rules?.Promise ?? true))
        {
            return FrameVerdict.Old;
        }

        if (frame.Step != sumStep)
        {
            return frame.Step > sumStep ? FrameVerdict.Wait : FrameVerdict.PastStep;
        }

        return frame.Groups.Overlaps(held.Total) && (rules?.Disjoint ?? true) ? FrameVerdict.Overlap : FrameVerdict.Add;
    }

    /// <summary>Does an announcement count? Only one of this very generation does (rule 7).</summary>
    /// <param name="generation">Generation of the announcement.</param>
    /// <param name="step">Step of the announcement.</param>
    /// <param name="rank">The receiver.</param>
    /// <param name="nextStep">Step that the receiver would apply next.</param>
    /// <param name="rules">Null: all.</param>
    public static AnnouncementVerdict JudgeAnnouncement(long generation, long step, in RankStanding rank, long nextStep, ProtocolRules? rules = null)
    {
        bool older = generation < rank.Generation || (rank.IsPromised && generation == rank.Generation && (rules?.Promise ?? true));
        if (older && (rules?.OneGeneration ?? true))
        {
            return AnnouncementVerdict.Old;
        }

        if (generation > rank.Generation)
        {
            return AnnouncementVerdict.Wait;
        }

        return step == nextStep ? AnnouncementVerdict.Count : step > nextStep ? AnnouncementVerdict.Wait : AnnouncementVerdict.Old;
    }

    /// <summary>May the rank add, send, announce or apply at all? Not between a report and the plan (rule 12).</summary>
    public static bool MayAct(in RankStanding rank, ProtocolRules? rules = null) => rank.Generation > 0 && (!rank.IsPromised || !(rules?.Promise ?? true));

    /// <summary>May a range be exchanged? As soon as the own sum holds all that the replica contributes in this generation, and that is something.</summary>
    /// <param name="expected">From <see cref="WorldDuties.ExpectedOwn"/>.</param>
    /// <param name="held">Groups that the two sums hold.</param>
    public static bool MayExchange(GroupMask expected, in SumPieces held) => !expected.IsEmpty && held.Own == expected;

    /// <summary>May the rank announce a shard? With verified state at the step before, and every range of it holding all groups (rules 7 and 14).</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="step">Step to announce.</param>
    /// <param name="stateStep">Steps that the shard's state has seen.</param>
    /// <param name="stateIsVerified">False while it is copied or loaded.</param>
    /// <param name="sumsAreWhole">Every range, the scalars too, holds all groups.</param>
    /// <param name="rules">Null: all.</param>
    public static bool MayAnnounce(in RankStanding rank, long step, long stateStep, bool stateIsVerified, bool sumsAreWhole, ProtocolRules? rules = null) =>
        MayAct(rank, rules) && sumsAreWhole && (stateIsVerified ? stateStep == step - 1 : !(rules?.VerifiedState ?? true));

    /// <summary>
    /// Does a rank report for a number, and so promise? For a higher one than it knows, and again for the one that it has promised: asked twice it answers twice,
    /// since nothing but the run in work has changed (rule 12).
    /// </summary>
    public static bool MayPromise(in RankStanding rank, long generation) => generation > rank.Generation && generation >= rank.Promised;

    /// <summary>Does a rank take a plan? Only of the number that it promised or a higher one, and never twice (rule 12).</summary>
    public static bool MayTakePlan(in RankStanding rank, long generation, ProtocolRules? rules = null) =>
        generation != rank.Generation && (generation >= rank.Promised || !(rules?.RefuseOldPlans ?? true));

    /// <summary>
    /// What a rank does with a shard when it takes a plan. A shard that the plan moves to the rank is fetched even where the rank holds a copy: it was left out of a
    /// world, so nobody counts on what it holds.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="rankId">The rank.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="ownsIt">The plan makes this rank an owner of the shard.</param>
    /// <param name="stateStep">Steps that its verified state has seen; -1 where it holds none.</param>
    /// <param name="sumsAreWhole">Every range of its sums of <paramref name="stateStep"/> + 1 holds all groups.</param>
    /// <param name="rules">Null: all.</param>
    public static ShardTask TaskOf(
        GenerationPlan plan, int rankId, int shard, bool ownsIt, long stateStep, bool sumsAreWhole, ProtocolRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Source != StateSource.Survivors)
        {
            return ownsIt ? ShardTask.Load : ShardTask.Drop;
        }

        if (ownsIt && plan.MoveOf(shard, rankId) is not null)
        {
            return ShardTask.Fetch;
        }

        if (stateStep == plan.StateStep)
        {
            return ShardTask.Keep;
        }

        if (stateStep >= 0 && stateStep == plan.StateStep - 1 && sumsAreWhole && plan.RollForward is not null && (rules?.RollForward ?? true))
        {
            return ShardTask.RollForward;
        }

        return ownsIt ? ShardTask.Fetch : ShardTask.Drop;
    }

    /// <summary>
    /// Which sums of a kept shard are part of the base: those whose groups are exactly a piece's (rule 11). The others are dropped, and a former owner's too once it
    /// has sent what it holds for others: it is no owner any more, but it reports what it still has if this generation ends early.
    /// </summary>
    public static KeptPieces KeptOf(in RangePlan range, in SumPieces held, ProtocolRules? rules = null)
    {
        if (!(rules?.ExactBase ?? true))
        {
            return new KeptPieces(!held.Own.IsEmpty, !held.Foreign.IsEmpty);
        }

        bool own = false;
        bool foreign = false;
        foreach (BasePiece piece in range.Base)
        {
            own |= piece.Groups == held.Own;
            foreign |= piece.Groups == held.Foreign;
        }

        return new KeptPieces(own, foreign);
    }

    /// <summary>Does a rank keep the run that it reported? Else it begins the run of its deal with an empty accumulator.</summary>
    public static bool KeepsRun(MemberDeal deal, GroupMask run, ProtocolRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(deal);
        return deal.IsRetained && deal.Run == run && (rules?.Retain ?? true);
    }

    /// <summary>Must a rank gather its working parameters anew when it takes a plan? Unless they are whole and of step m (rule 15).</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="parameterStep">Steps that its parameters have seen; -1 where they are a mix.</param>
    public static bool MustGather(GenerationPlan plan, long parameterStep)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Source != StateSource.Survivors || parameterStep != plan.StateStep;
    }

    /// <summary>May a former owner drop a shard that moved away? After the first full set of announcements of the new generation (rule 14).</summary>
    public static bool MayDropMoved(bool sawFullSetOfThisGeneration, ProtocolRules? rules = null) => sawFullSetOfThisGeneration || !(rules?.KeepMoved ?? true);
}
