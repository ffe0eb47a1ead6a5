namespace Olmo.Actors.Worlds;

/// <summary>
/// Rules of the step protocol that a simulation switches off, one at a time, to show that it finds what they prevent. The product never passes one: every rule
/// is on where none is given.
/// </summary>
public sealed record ProtocolRules
{
    /// <summary>Every rule on.</summary>
    public static ProtocolRules All { get; } = new();

    /// <summary>Rule 1: an owner refuses a frame whose groups it holds already.</summary>
    public bool Disjoint { get; init; } = true;

    /// <summary>Rule 2: in the exchange an owner sends only what its own replica contributed.</summary>
    public bool OwnOnly { get; init; } = true;

    /// <summary>Rule 3: a rank keeps its run until the step is fully announced, and sends it again.</summary>
    public bool Retain { get; init; } = true;

    /// <summary>Rule 4: a recomputed group is an atom of its own, and goes only where it lacks.</summary>
    public bool Singles { get; init; } = true;

    /// <summary>Rule 7: announcements of an older generation never count.</summary>
    public bool OneGeneration { get; init; } = true;

    /// <summary>Rule 7: a step is applied on the announcements of every owner of every shard, not of one owner per shard.</summary>
    public bool FullSet { get; init; } = true;

    /// <summary>Rule 8: unequal announcements apply nothing.</summary>
    public bool EqualDigests { get; init; } = true;

    /// <summary>Rule 10: who stands at m - 1 with the whole sum of m, when somebody applied m, applies it too.</summary>
    public bool RollForward { get; init; } = true;

    /// <summary>Rule 10: whole sums that nobody applied become the base; nobody applies them before the new generation has announced.</summary>
    public bool NoEarlyApply { get; init; } = true;

    /// <summary>Rule 11: every owner takes exactly the base and drops the rest.</summary>
    public bool ExactBase { get; init; } = true;

    /// <summary>Rule 12: after its report a rank does nothing more in the old generation.</summary>
    public bool Promise { get; init; } = true;

    /// <summary>Rule 12: a rank refuses plans of a lower number than it has promised.</summary>
    public bool RefuseOldPlans { get; init; } = true;

    /// <summary>Rules 12 and 13: the journal refuses the number of a coordinator whose token is not the newest.</summary>
    public bool Fence { get; init; } = true;

    /// <summary>Rule 14: a new owner announces only with verified state at m.</summary>
    public bool VerifiedState { get; init; } = true;

    /// <summary>Rule 14: a former owner keeps a moved shard until the first full set of announcements of the new generation.</summary>
    public bool KeepMoved { get; init; } = true;

    /// <summary>Rule 15: parameters are gathered anew unless they are whole and of step m.</summary>
    public bool GatherAnew { get; init; } = true;

    /// <summary>Rule 16: only whole and verified state is reported, so that a joiner neither leads nor donates with less.</summary>
    public bool ReportVerifiedOnly { get; init; } = true;

    /// <summary>A frozen rank that was left out comes back without state.</summary>
    public bool ThawedIsSpare { get; init; } = true;
}
