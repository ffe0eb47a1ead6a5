using System.Text;

namespace Olmo.Model.Numerics;

/// <summary>
/// Random numbers by (seed, name, index): element i of a stream is the same whoever draws it and whenever. Philox4x32-10 with the seed as key;
/// the counter is index (low half) and the 64-bit FNV-1a hash of the UTF-8 name (high half).
/// </summary>
public readonly struct RandomStream
{
    private readonly ulong _seed;
    private readonly ulong _name;

    /// <param name="seed">Seed of the run or of the model's initialisation.</param>
    /// <param name="name">What is drawn, for example a tensor's name; ordinal, case-sensitive.</param>
    public RandomStream(ulong seed, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        _seed = seed;
        _name = HashOf(name);
    }

    /// <summary>64 uniform bits, of the element <paramref name="index"/>.</summary>
    public ulong Bits(ulong index)
    {
        (uint w0, uint w1, _, _) = Philox.Block(
            (uint)index, (uint)(index >> 32), (uint)_name, (uint)(_name >> 32), (uint)_seed, (uint)(_seed >> 32));
        return w0 | ((ulong)w1 << 32);
    }

    /// <summary>Uniform in the open interval (0, 1): an odd multiple of 2^-53.</summary>
    public double Uniform(ulong index) => ((Bits(index) >> 12) + 0.5) * (1.0 / 4503599627370496.0);

    /// <summary>Uniform integer in [0, <paramref name="bound"/>); the bias is below bound / 2^64.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is 0.</exception>
    public ulong Below(ulong bound, ulong index)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        return Math.BigMul(Bits(index), bound, out _);
    }

    /// <summary>64-bit FNV-1a hash of the UTF-8 bytes of a name: stable from process to process.</summary>
    public static ulong HashOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ulong hash = 14695981039346656037UL;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash;
    }
}
