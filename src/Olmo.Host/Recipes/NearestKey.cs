namespace Olmo.Host.Recipes;

/// <summary>Finds the known key that somebody probably meant.</summary>
internal static class NearestKey
{
    /// <summary>The known key with the smallest edit distance; of equals the first in ordinal order.</summary>
    public static string Find(string key, IEnumerable<string> known) =>
        known.Order(StringComparer.Ordinal).MinBy(k => Distance(key, k)) ?? "";

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours between two texts.</summary>
    public static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
