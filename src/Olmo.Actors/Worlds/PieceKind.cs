namespace Olmo.Actors.Worlds;

/// <summary>Which of an owner's two sums.</summary>
public enum PieceKind
{
    /// <summary>What the owner's own replica contributed in this generation: the only thing that it sends in the exchange (rule 2).</summary>
    Own = 1,

    /// <summary>The base, and what other replicas sent.</summary>
    Foreign = 2,
}
