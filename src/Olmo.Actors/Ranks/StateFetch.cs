using System.Collections.Immutable;

namespace Olmo.Actors.Ranks;

/// <summary>A shard whose state is copied from one donor after the other, chunk by chunk. Changed under the engine's gate.</summary>
internal sealed class StateFetch(int shard, ImmutableArray<int> donors)
{
    private int _next = -1;

    public int Shard { get; } = shard;

    public int Donors => donors.Length;

    /// <summary>Rank that is asked; -1: all were.</summary>
    public int Donor => _next < donors.Length ? donors[_next] : -1;

    /// <summary>Digest of the whole shard plus that of the run's progress, as the donor says.</summary>
    public ulong Digest { get; set; }

    /// <summary>The run's progress, as the donor says.</summary>
    public byte[]? Progress { get; set; }

    public bool IsAnswered { get; set; }

    public bool HasFailed => _next >= donors.Length;

    public void Advance()
    {
        _next++;
        IsAnswered = false;
    }
}
