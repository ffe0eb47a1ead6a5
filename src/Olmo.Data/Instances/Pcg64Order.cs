namespace Olmo.Data.Instances;

/// <summary>OLMo-core's order of an epoch: 0 ... count - 1 shuffled by NumPy's PCG64(seed + epoch).</summary>
internal sealed class Pcg64Order : EpochOrder
{
    private readonly uint[] _order;

    public Pcg64Order(ulong seed, long epoch, long count)
        : base(count)
    {
        if (count > Array.MaxLength)
        {
            throw new DataException($"The order pcg64 holds at most {Array.MaxLength} chunks in memory, but the data set has {count}: use the order permutation.");
        }

        _order = new uint[count];
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = (uint)i;
        }

        new Pcg64((UInt128)seed + (UInt128)epoch).Shuffle(_order);
    }

    private protected override long At(long position) => _order[position];
}
