using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>What the sending thread of a generation does next.</summary>
internal enum OutgoingKind
{
    /// <summary>A layer of the run goes to the owners of the own replica.</summary>
    Contribution,

    /// <summary>A layer of a recomputed group goes to the owners of the own replica that use it.</summary>
    Single,

    /// <summary>A range of the own sum goes to the other replicas.</summary>
    Exchange,

    /// <summary>What this owner says goes to every member.</summary>
    Announcements,

    /// <summary>The owned parameters go to the own replica, or to the one member that asks.</summary>
    Parameters,

    /// <summary>An owner asks for the parameters of a step.</summary>
    AskParameters,

    /// <summary>A shard's state goes to the owner that asks.</summary>
    State,

    /// <summary>A shard's state is asked of a donor.</summary>
    AskState,

    /// <summary>A digest of an audited group goes to every member.</summary>
    Audit,

    /// <summary>Sums and state that moved away are freed, after everything before has been sent.</summary>
    Release,
}

/// <summary>One piece of work of the sending thread. Sums are of the step and attempt for which they were queued, whatever has come after.</summary>
internal readonly record struct Outgoing(
    OutgoingKind Kind, int Layer = 0, int Shard = 0, int Peer = -1, long Step = 0, int Attempt = 0, int Group = -1, GradientAccumulator? Single = null,
    byte[]? Bitmap = null, ulong Digest = 0);
