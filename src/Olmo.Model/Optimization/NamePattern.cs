namespace Olmo.Model.Optimization;

/// <summary>Shell-like patterns over parameter names, as the reference's <c>fnmatch</c>: case-sensitive, <c>*</c> also spans dots.</summary>
internal static class NamePattern
{
    /// <summary>True if the whole name matches.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        while (!pattern.IsEmpty)
        {
            if (pattern[0] == '*')
            {
                for (int skip = 0; skip <= name.Length; skip++)
                {
                    if (Matches(pattern[1..], name[skip..]))
                    {
                        return true;
                    }
                }

                return false;
            }

            if (name.IsEmpty || !MatchesOne(ref pattern, name[0]))
            {
                return false;
            }

            name = name[1..];
        }

        return name.IsEmpty;
    }

    /// <summary>Matches one character and drops its part of the pattern.</summary>
    private static bool MatchesOne(ref ReadOnlySpan<char> pattern, char c)
    {
        int end = pattern.Length > 2 ? pattern[2..].IndexOf(']') + 2 : -1;
        if (pattern[0] != '[' || end < 2)
        {
            char head = pattern[0];
            pattern = pattern[1..];
            return head == '?' || head == c;
        }

        ReadOnlySpan<char> set = pattern[1..end];
        pattern = pattern[(end + 1)..];
        bool negated = set[0] == '!';
        bool found = false;
        for (int i = negated ? 1 : 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= set[i] == c;
            }
        }

        return found != negated;
    }
}
