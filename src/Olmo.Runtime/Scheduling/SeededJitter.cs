namespace Olmo.Runtime.Scheduling;

/// <summary>
/// Counter-based random numbers: the n-th number of a name under a seed is a hash of the three (FNV-1a, then the SplitMix64 finalizer),
/// so that they do not depend on what other actors draw.
/// </summary>
internal static class SeededJitter
{
    /// <summary>In [0, 1), 53 bits.</summary>
    public static double Unit(ulong seed, string name, long n)
    {
        ulong hash = 14695981039346656037UL;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        ulong x = unchecked(seed + hash + ((ulong)n * 0x9E3779B97F4A7C15UL));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        x ^= x >> 31;
        return (x >> 11) * (1.0 / (1UL << 53));
    }
}
