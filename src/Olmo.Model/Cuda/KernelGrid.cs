namespace Olmo.Model.Cuda;

/// <summary>Blocks of a launch; with a 0 there is none.</summary>
/// <param name="X">0 .. 2^31 - 1</param>
/// <param name="Y">0 .. 65535</param>
/// <param name="Z">0 .. 65535</param>
internal readonly record struct KernelGrid(long X, int Y = 1, int Z = 1)
{
    public static implicit operator KernelGrid(long blocks) => new(blocks);

    public static implicit operator KernelGrid(int blocks) => new(blocks);

    /// <summary>True: there is nothing to launch.</summary>
    public bool IsEmpty => X == 0 || Y == 0 || Z == 0;

    /// <summary>Blocks for so many items, so many to a block.</summary>
    public static KernelGrid Over(long items, int itemsOfBlock) => new((items + itemsOfBlock - 1) / itemsOfBlock);

    /// <summary>Checks the device's limits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A count lies outside them.</exception>
    public void Validate()
    {
        if (X is < 0 or > int.MaxValue || Y is < 0 or > ushort.MaxValue || Z is < 0 or > ushort.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(X), this, "A launch has at most 2147483647 x 65535 x 65535 blocks.");
        }
    }
}
