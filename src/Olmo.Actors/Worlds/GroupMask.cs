using System.Numerics;
using System.Text.Json.Serialization;
using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>
/// An immutable set of groups of the global batch with value equality; the empty set is the default value. The first 64 groups cost no allocation. As text and in
/// JSON it reads <c>0-3,7</c> or <c>none</c>, like <see cref="GroupSet"/>.
/// </summary>
[JsonConverter(typeof(GroupMaskJsonConverter))]
public readonly struct GroupMask : IEquatable<GroupMask>
{
    private readonly ulong _low;

    // Words 1 and up without zeros at the end; null where no group is above 63.
    private readonly ulong[]? _high;

    private GroupMask(ulong low, ulong[]? high)
    {
        _low = low;
        _high = high;
    }

    /// <summary>Groups in the set.</summary>
    public int Count
    {
        get
        {
            int count = BitOperations.PopCount(_low);
            foreach (ulong word in High)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>True if it holds no group.</summary>
    public bool IsEmpty => _low == 0 && _high is null;

    /// <summary>The groups, ascending.</summary>
    public IEnumerable<int> Groups
    {
        get
        {
            for (int w = 0; w < WordCount; w++)
            {
                for (ulong word = Word(w); word != 0; word &= word - 1)
                {
                    yield return (w * 64) + BitOperations.TrailingZeroCount(word);
                }
            }
        }
    }

    /// <summary>Words up to the last that is not 0, at least 1.</summary>
    internal int WordCount => 1 + High.Length;

    private ReadOnlySpan<ulong> High => _high;

    /// <summary>The set of one group.</summary>
    public static GroupMask Of(int group) => Range(group, group + 1);

    /// <summary>Groups <paramref name="first"/> (inclusive) to <paramref name="end"/> (exclusive).</summary>
    public static GroupMask Range(int first, int end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, first);
        if (end <= 64)
        {
            return new GroupMask(end == first ? 0 : (ulong.MaxValue >> (64 - (end - first))) << first, null);
        }

        ulong[] words = new ulong[GroupSet.WordsFor(end)];
        for (int g = first; g < end; g++)
        {
            words[g >> 6] |= 1UL << (g & 63);
        }

        return FromWords(words);
    }

    /// <summary>All <paramref name="groups"/> groups of a batch.</summary>
    public static GroupMask All(int groups) => Range(0, groups);

    /// <summary>A copy of words, group 0 in the lowest bit of the first.</summary>
    public static GroupMask FromWords(ReadOnlySpan<ulong> words)
    {
        int length = words.Length;
        while (length > 0 && words[length - 1] == 0)
        {
            length--;
        }

        return length == 0 ? default : new GroupMask(words[0], length == 1 ? null : words[1..length].ToArray());
    }

    /// <summary>A copy of the groups of an accumulator's range.</summary>
    public static GroupMask From(GroupSet set) => FromWords(set.Words);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is no set of groups below <see cref="SumFrame.MaxGroups"/> in ascending runs.</exception>
    public static GroupMask Parse(ReadOnlySpan<char> text)
    {
        GroupMask all = default;
        if (text is "none")
        {
            return all;
        }

        int last = -1;
        foreach (Range part in text.Split(','))
        {
            ReadOnlySpan<char> run = text[part];
            int dash = run.IndexOf('-');
            if (!int.TryParse(dash < 0 ? run : run[..dash], out int first) || !int.TryParse(dash < 0 ? run : run[(dash + 1)..], out int end)
                || first <= last || end < first || end >= SumFrame.MaxGroups)
            {
                throw new FormatException($"'{text}' is no set of groups: ascending numbers and runs below {SumFrame.MaxGroups} are expected, as in '0-3,7'.");
            }

            all |= Range(first, end + 1);
            last = end;
        }

        return all;
    }

    /// <summary>True if the group is in the set.</summary>
    public bool Contains(int group) => group >= 0 && group >> 6 < WordCount && (Word(group >> 6) >> (group & 63) & 1) != 0;

    /// <summary>True if the sets have a group in common.</summary>
    public bool Overlaps(GroupMask other) => !(this & other).IsEmpty;

    /// <summary>True if every group is in the other set too.</summary>
    public bool IsSubsetOf(GroupMask other) => Except(other).IsEmpty;

    /// <summary>Groups of this set that the other lacks.</summary>
    public GroupMask Except(GroupMask other)
    {
        if (_high is null)
        {
            return new GroupMask(_low & ~other._low, null);
        }

        ulong[] words = new ulong[WordCount];
        for (int w = 0; w < words.Length; w++)
        {
            words[w] = Word(w) & ~other.WordOrZero(w);
        }

        return FromWords(words);
    }

    /// <summary>The union.</summary>
    public static GroupMask operator |(GroupMask left, GroupMask right)
    {
        if (left._high is null && right._high is null)
        {
            return new GroupMask(left._low | right._low, null);
        }

        ulong[] words = new ulong[Math.Max(left.WordCount, right.WordCount)];
        for (int w = 0; w < words.Length; w++)
        {
            words[w] = left.WordOrZero(w) | right.WordOrZero(w);
        }

        return FromWords(words);
    }

    /// <summary>The groups in both.</summary>
    public static GroupMask operator &(GroupMask left, GroupMask right)
    {
        if (left._high is null || right._high is null)
        {
            return new GroupMask(left._low & right._low, null);
        }

        ulong[] words = new ulong[Math.Min(left.WordCount, right.WordCount)];
        for (int w = 0; w < words.Length; w++)
        {
            words[w] = left.Word(w) & right.Word(w);
        }

        return FromWords(words);
    }

    /// <summary>Same as the operator.</summary>
    public static GroupMask BitwiseOr(GroupMask left, GroupMask right) => left | right;

    /// <summary>Same as the operator.</summary>
    public static GroupMask BitwiseAnd(GroupMask left, GroupMask right) => left & right;

    public static bool operator ==(GroupMask left, GroupMask right) => left.Equals(right);

    public static bool operator !=(GroupMask left, GroupMask right) => !left.Equals(right);

    /// <summary>Writes the words; those beyond the set become 0.</summary>
    /// <exception cref="ArgumentException">The set does not fit.</exception>
    public void CopyTo(Span<ulong> words)
    {
        if (words.Length < WordCount)
        {
            throw new ArgumentException($"A set of {WordCount} words does not fit into {words.Length}.", nameof(words));
        }

        words.Clear();
        words[0] = _low;
        High.CopyTo(words[1..]);
    }

    /// <inheritdoc/>
    public bool Equals(GroupMask other) => _low == other._low && High.SequenceEqual(other.High);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GroupMask other && Equals(other);

    /// <summary>The same in every process.</summary>
    public override int GetHashCode()
    {
        ulong hash = _low * 0x9E3779B97F4A7C15UL;
        foreach (ulong word in High)
        {
            hash = BitOperations.RotateLeft(hash ^ word, 29) * 0x9E3779B97F4A7C15UL;
        }

        return (int)(hash >> 32);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<ulong> words = new ulong[WordCount];
        CopyTo(words);
        return new GroupSet(words, words.Length * 64).ToString();
    }

    private ulong Word(int index) => index == 0 ? _low : _high![index - 1];

    private ulong WordOrZero(int index) => index < WordCount ? Word(index) : 0;
}
