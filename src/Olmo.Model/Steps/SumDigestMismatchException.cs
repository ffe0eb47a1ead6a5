namespace Olmo.Model.Steps;

/// <summary>A sum of gradients does not have the digest that was announced with it.</summary>
public sealed class SumDigestMismatchException(string what, ulong expected, ulong found)
    : Exception($"{what}: the digest of the sum is {found:x16}, expected {expected:x16}.")
{
    public ulong Expected { get; } = expected;

    public ulong Found { get; } = found;
}
