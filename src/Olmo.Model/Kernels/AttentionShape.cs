#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>Sizes of one attention, the same for every sequence.</summary>
/// <param name="QueryHeads">H</param>
/// <param name="KeyHeads">K, a divisor of H: query heads h * H/K ... (h + 1) * H/K - 1 share KV head h.</param>
/// <param name="HeadWidth">e, floats per head.</param>
/// <param name="Window">A query sees at most this many keys, itself included; 0 for no window.</param>
/// <param name="Scale">Factor of the scores, 1 / sqrt(e).</param>
internal readonly record struct AttentionShape(int QueryHeads, int KeyHeads, int HeadWidth, nint Window, float Scale)
{
    /// <summary>Keys per tile of the online softmax; tiles start at position 0 of the sequence. Part of the numerics id.</summary>
    public const int KeyTile = 64;

    /// <summary>Queries per block: speed only.</summary>
    internal const int QueryBlock = 64;

    /// <summary>Queries of the backward pass whose rows, gradients and upstream gradients are kept side by side, in the second-level cache of a core: speed only. A multiple of blocks and of key tiles.</summary>
    internal const int QueryChunk = 512;

    /// <summary>Most keys of the forward pass that are kept so with their values; with more of them each tile is copied when it is read: speed only.</summary>
    internal const int GatheredKeys = 2048;

    /// <summary>Query heads per KV head.</summary>
    public int Group => QueryHeads / KeyHeads;

    /// <summary>Floats of workspace that one worker of <see cref="Attention.Forward"/> needs.</summary>
    public nint ForwardWorkspace => BlockWorkspace + (2 * GatheredKeys * PaddedWidth);

    /// <summary>Floats of workspace that one worker of <see cref="Attention.Backward"/> needs.</summary>
    public nint BackwardWorkspace => (5 * KeyTile * PaddedWidth) + (2 * KeyTile * QueryBlock) + QueryBlock + (3 * QueryChunk * PaddedWidth) + QueryChunk;

    /// <summary>Floats of the forward pass's workspace for a block of queries; keys and values follow.</summary>
    internal nint BlockWorkspace => (2 * QueryBlock * PaddedWidth) + (KeyTile * QueryBlock) + (4 * QueryBlock);

    /// <summary>e rounded up to a multiple of 16.</summary>
    internal nint PaddedWidth => LaneFold.RoundUp(HeadWidth);

    /// <summary>First key that the query at a position may see.</summary>
    internal unsafe nint FirstKey(int* firstKeys, nint row, nint position)
    {
        nint first = firstKeys == null ? 0 : firstKeys[row];
        return Window > 0 ? Math.Max(first, position - Window + 1) : first;
    }
}
