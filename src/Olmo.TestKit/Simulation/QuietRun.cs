namespace Olmo.TestKit.Simulation;

/// <summary>
/// Contents of a run without faults. State is a digest that depends on every step before; a group's gradient depends on step, range, group and parameters; sums are
/// wrapping sums, like the product's digests: whatever is lost, added twice or computed with wrong parameters gives another digest from then on.
/// </summary>
internal sealed class QuietRun
{
    private readonly ulong[][] _states;
    private readonly ulong[] _parameters;

    public QuietRun(SimulationShape shape)
    {
        _states = new ulong[shape.Steps + 1][];
        _parameters = new ulong[shape.Steps + 1];
        for (int step = 0; step <= shape.Steps; step++)
        {
            _states[step] = new ulong[shape.Shards];
            for (int shard = 0; shard < shape.Shards; shard++)
            {
                _states[step][shard] = step == 0
                    ? SimulationRandom.Mix((ulong)shard + 77)
                    : Next(_states[step - 1][shard], SumOf(shape, step, shard, _parameters[step - 1]));
                _parameters[step] += PartOf(shard, _states[step][shard]);
            }
        }
    }

    /// <summary>Digest of a shard after a step.</summary>
    public ulong State(long step, int shard) => _states[step][shard];

    /// <summary>What a shard adds to the digest of the working parameters.</summary>
    public static ulong PartOf(int shard, ulong state) => SimulationRandom.Mix(state + ((ulong)shard * 0x9E3779B97F4A7C15UL));

    /// <summary>A group's gradient of a range.</summary>
    public static ulong Gradient(long step, int range, int group, ulong parameters) =>
        SimulationRandom.Mix(parameters ^ ((ulong)step << 40) ^ ((ulong)range << 20) ^ (ulong)group);

    /// <summary>A shard's next state.</summary>
    public static ulong Next(ulong state, ulong sum) => SimulationRandom.Mix(state ^ SimulationRandom.Mix(sum));

    private static ulong SumOf(SimulationShape shape, int step, int shard, ulong parameters)
    {
        ulong sum = 0;
        for (int layer = 0; layer < SimulationShape.RangesPerShard; layer++)
        {
            for (int group = 0; group < shape.Groups; group++)
            {
                sum += Gradient(step, (shard * SimulationShape.RangesPerShard) + layer, group, parameters);
            }
        }

        return sum;
    }
}
