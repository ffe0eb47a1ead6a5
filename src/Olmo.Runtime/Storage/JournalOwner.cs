namespace Olmo.Runtime.Storage;

/// <summary>Who claimed a persistence id last.</summary>
/// <param name="Writer">Incarnation of the actor, with the name of its node.</param>
/// <param name="Fence">Token or incarnation that it writes under.</param>
/// <param name="ClaimedAt">When it claimed the id, by the clock of its machine.</param>
public sealed record JournalOwner(string Writer, long Fence, DateTimeOffset ClaimedAt);
