using System.Numerics;

namespace Olmo.Model.Steps;

/// <summary>A set of groups of the global batch, as bits in words of 64: which contributions a sum holds.</summary>
public readonly ref struct GroupSet
{
    private readonly Span<ulong> _words;

    /// <summary>A view of <paramref name="words"/> as a set of <paramref name="groups"/> groups.</summary>
    /// <exception cref="ArgumentException">The words are too few or too many, or hold a bit beyond the last group.</exception>
    public GroupSet(Span<ulong> words, int groups)
    {
        if (words.Length != WordsFor(groups) || (groups % 64 != 0 && words[^1] >> (groups % 64) != 0))
        {
            throw new ArgumentException($"{words.Length} words are no set of {groups} groups.", nameof(words));
        }

        _words = words;
        Groups = groups;
    }

    /// <summary>G</summary>
    public int Groups { get; }

    /// <summary>The words, group 0 in the lowest bit of the first.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>Groups in the set.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>True if the set holds all groups.</summary>
    public bool IsFull => Count == Groups;

    /// <summary>Words that hold a set of <paramref name="groups"/> groups.</summary>
    public static int WordsFor(int groups) => (groups + 63) / 64;

    /// <summary>True if the group is in the set.</summary>
    public bool Contains(int group) => (_words[group >> 6] >> (group & 63) & 1) != 0;

    /// <summary>Adds one group.</summary>
    public void Add(int group)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, Groups);
        _words[group >> 6] |= 1UL << (group & 63);
    }

    /// <summary>Adds all groups of another set of the same size.</summary>
    public void UnionWith(GroupSet other)
    {
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] |= other._words[i];
        }
    }

    /// <summary>True if the sets have a group in common.</summary>
    public bool Overlaps(GroupSet other)
    {
        ulong common = 0;
        for (int i = 0; i < _words.Length; i++)
        {
            common |= _words[i] & other._words[i];
        }

        return common != 0;
    }

    /// <summary>True if both sets hold the same groups.</summary>
    public bool SetEquals(GroupSet other) => _words.SequenceEqual(other._words);

    /// <summary>Group numbers, for messages: <c>0-3,7</c>.</summary>
    public override string ToString()
    {
        List<string> runs = [];
        for (int g = 0; g < Groups; g++)
        {
            if (!Contains(g))
            {
                continue;
            }

            int first = g;
            while (g + 1 < Groups && Contains(g + 1))
            {
                g++;
            }

            runs.Add(first == g ? $"{g}" : $"{first}-{g}");
        }

        return runs.Count == 0 ? "none" : string.Join(',', runs);
    }
}
