using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The groups that a rank sums in its local accumulator in a step, and how far it is. It outlives a generation: a change of the world does not stop the computing (rule 3).
/// Changed under the engine's gate.
/// </summary>
internal sealed class RunInWork(int layers)
{
    private readonly List<int> _groups = [];

    /// <summary>Step that it belongs to; -1: there is none.</summary>
    public long Step { get; private set; } = -1;

    /// <summary>Groups of it.</summary>
    public GroupMask Mask { get; private set; }

    /// <summary>Groups that are computed.</summary>
    public GroupMask Computed { get; private set; }

    /// <summary>By layer, the scalars last: the sum of the whole run is final.</summary>
    public bool[] Final { get; } = new bool[layers + 1];

    /// <summary>Next group to compute, or -1.</summary>
    public int Next => Computed.Count < _groups.Count ? _groups[Computed.Count] : -1;

    /// <summary>True while the last group is computed: layers become final.</summary>
    public bool IsLast => Computed.Count == _groups.Count - 1;

    /// <summary>All groups are computed.</summary>
    public bool IsWhole => Step >= 0 && Next < 0;

    public void Begin(long step, GroupMask mask, int groups)
    {
        Drop();
        Step = step;
        Mask = mask;
        for (int g = 0; g < groups; g++)
        {
            if (mask.Contains(g))
            {
                _groups.Add(g);
            }
        }
    }

    public void Done(int group) => Computed |= GroupMask.Of(group);

    public void Drop()
    {
        Step = -1;
        Mask = default;
        Computed = default;
        _groups.Clear();
        Array.Clear(Final);
    }
}
