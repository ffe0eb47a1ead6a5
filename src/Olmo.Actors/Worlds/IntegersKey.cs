namespace Olmo.Actors.Worlds;

/// <summary>A list of integers as a key: equality by content, the same hash in every process.</summary>
internal readonly struct IntegersKey(int[] values) : IEquatable<IntegersKey>
{
    private readonly int[] _values = values;

    public bool Equals(IntegersKey other) => _values.AsSpan().SequenceEqual(other._values);

    public override bool Equals(object? obj) => obj is IntegersKey other && Equals(other);

    public override int GetHashCode()
    {
        uint hash = 2166136261;
        foreach (int value in _values)
        {
            hash = (hash ^ (uint)value) * 16777619;
        }

        return (int)hash;
    }
}
