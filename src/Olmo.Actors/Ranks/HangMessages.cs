using Olmo.Actors.Collectives;

namespace Olmo.Actors.Ranks;

/// <summary>From a rank to the supervisor of ranks: a section of its work takes longer than it may. Said again each time that the limit passes once more.</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">Who says so.</param>
/// <param name="Section">The section.</param>
/// <param name="Step">Its step.</param>
/// <param name="Seconds">How long it has taken.</param>
/// <param name="Limit">How long it may take, seconds.</param>
public sealed record SectionOverdue(long Generation, int RankId, RankSection Section, long Step, double Seconds, double Limit);

/// <summary>To a rank: say where you are. Answered by <see cref="WorkDescribed"/>.</summary>
public sealed record DescribeWork(long Generation);

/// <summary>Answer to <see cref="DescribeWork"/>.</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">Who answers.</param>
/// <param name="Section">Where its threads are: the section that is over its limit, if one is.</param>
/// <param name="Step">Its step.</param>
/// <param name="Seconds">How long it is there.</param>
/// <param name="IsOverdue">Longer than it may.</param>
/// <param name="Operations">Its last operations with its peers; null without a mesh.</param>
public sealed record WorkDescribed(long Generation, int RankId, RankSection Section, long Step, double Seconds, bool IsOverdue, MeshOperations? Operations);

/// <summary>From a rank to the supervisor of ranks, once a window of steps: how fast it computes.</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">Who says so.</param>
/// <param name="WindowEnd">Last step of the window.</param>
/// <param name="SecondsPerGroup">Mean time of a group's forward and backward pass.</param>
public sealed record ComputeTimes(long Generation, int RankId, long WindowEnd, double SecondsPerGroup);

/// <summary>From the supervisor of ranks to the run's: a rank was slower than its peers for several windows of steps.</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">The rank.</param>
/// <param name="Step">Last step of the window that flagged it.</param>
/// <param name="Score">The fastest rank's time for a group over its own.</param>
/// <param name="IsReplaced">The recipe says so, and a spare is ready.</param>
public sealed record SlowRankFound(long Generation, int RankId, long Step, double Score, bool IsReplaced);
