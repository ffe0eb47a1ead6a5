using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>A sum that a survivor holds and that every owner takes into its foreign sum.</summary>
/// <param name="Holder">Rank that holds it.</param>
/// <param name="Kind">Which of its sums.</param>
/// <param name="Groups">Groups of the sum.</param>
/// <param name="Receivers">
/// Owners that do not hold a sum of exactly these groups: the holder sends it to each of them before it changes its own sums. An owner that does hold such a sum
/// keeps its own: equal groups of one step are equal bits.
/// </param>
public sealed record BasePiece(int Holder, PieceKind Kind, GroupMask Groups, ImmutableArray<int> Receivers);

/// <summary>A contribution that a rank still adds: its whole run, or one group that it recomputes. It goes to the owner in the rank's own replica.</summary>
/// <param name="Rank">Rank that sends it.</param>
/// <param name="Groups">Its groups: never split, never summed with another before it is sent.</param>
public sealed record Atom(int Rank, GroupMask Groups);

/// <summary>How the sum of a range for step m + 1 comes about. All base pieces and atoms are disjoint, and together hold every group.</summary>
/// <param name="Base">Sums of survivors. Every owner takes exactly these and drops the rest (rule 11).</param>
/// <param name="Use">Contributions to the owners' own sums.</param>
public readonly record struct RangePlan(ImmutableArray<BasePiece> Base, ImmutableArray<Atom> Use)
{
    /// <summary>Groups of the base.</summary>
    public GroupMask BaseGroups
    {
        get
        {
            GroupMask all = default;
            foreach (BasePiece piece in Base)
            {
                all |= piece.Groups;
            }

            return all;
        }
    }
}
