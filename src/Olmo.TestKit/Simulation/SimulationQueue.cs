namespace Olmo.TestKit.Simulation;

/// <summary>Events by time, then by the order in which they were made.</summary>
internal sealed class SimulationQueue
{
    private readonly PriorityQueue<int, ulong> _order = new(256);
    private readonly List<SimulationEvent> _slots = [];
    private readonly Stack<int> _free = [];
    private ulong _made;

    public int Count => _order.Count;

    public void Add(long time, SimulationEvent item)
    {
        item.Key = ((ulong)time << 24) | (_made++ & 0xFFFFFF);
        if (_free.TryPop(out int slot))
        {
            _slots[slot] = item;
        }
        else
        {
            slot = _slots.Count;
            _slots.Add(item);
        }

        _order.Enqueue(slot, item.Key);
    }

    public SimulationEvent Take()
    {
        int slot = _order.Dequeue();
        SimulationEvent item = _slots[slot];
        _slots[slot] = default;
        _free.Push(slot);
        return item;
    }
}
