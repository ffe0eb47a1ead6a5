using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>To the supervisor of ranks: who supervises the run now. It asks every rank and answers <see cref="WorldStanding"/>.</summary>
public sealed record AdoptWorld(IActorRef Checkpoints);

/// <summary>Answer to <see cref="AdoptWorld"/>: the world in which the ranks are, if all of its members live.</summary>
/// <param name="Generation">The newest generation that any rank works in; 0 if none.</param>
/// <param name="Members">Ranks that work in it.</param>
/// <param name="Phase">What the member does that is furthest behind.</param>
/// <param name="Step">Steps that the member has done that is furthest ahead.</param>
/// <param name="Failure">The first failure that a member reports.</param>
/// <param name="Finished">What the finishing rank reported.</param>
public sealed record WorldStanding(
    long Generation, ImmutableArray<int> Members, RankPhase Phase, long Step, RankFailed? Failure, RankFinished? Finished);

/// <summary>To the supervisor of ranks: ask every living rank for its report for this generation, whose number is journalled. Answered by <see cref="RanksGathered"/>.</summary>
public sealed record GatherRanks(long Generation);

/// <summary>Every rank that is there has promised to leave its world and said what it holds. Ranks that were silent or ended are not among them.</summary>
public sealed record RanksGathered(long Generation, ImmutableArray<WorldReport> Reports);

/// <summary>To the supervisor of ranks: form this world. Answered by <see cref="RankReady"/> when all its members are ready, or by the failure of one.</summary>
public sealed record FormPlan(GenerationPlan Plan, IActorRef Checkpoints);

/// <summary>From the supervisor of ranks: more ranks are ready than the world has members.</summary>
public sealed record RanksSpare(long Generation, ImmutableArray<int> Spares);

/// <summary>To the supervisor of ranks: this rank takes part in no world any more, and its process ends.</summary>
/// <param name="RankId">The rank.</param>
/// <param name="Reason">For the log.</param>
/// <param name="BarsPlace">Its place on the machine is not used for some time: it computed wrong.</param>
public sealed record ExcludeRank(int RankId, string Reason, bool BarsPlace);

/// <summary>A rank process as the supervisor of ranks is told of it; the newest list counts.</summary>
/// <param name="RankId">Number of the process.</param>
/// <param name="Actor">Its rank's actor, here or behind a link.</param>
/// <param name="IsReady">Whether it can take part in a world.</param>
/// <param name="IsSilent">Whether nothing is heard of it.</param>
public sealed record RankEntry(int RankId, IActorRef Actor, bool IsReady, bool IsSilent);

/// <summary>To the supervisor of ranks: the living ranks.</summary>
public sealed record RanksChanged(ImmutableArray<RankEntry> Ranks);
