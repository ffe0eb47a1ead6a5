using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>What happens to an endpoint.</summary>
internal enum SimulationEventKind
{
    // Data plane
    Frame,
    Announcement,
    FetchRequest,
    StateChunk,
    Parameters,

    // Control, to a rank
    Prepare,
    Form,
    StatusRequest,

    // A rank's own
    ComputeDone,
    ApplyDone,
    LoadDone,
    Thaw,

    // To a coordinator
    Report,
    Status,
    Failed,
    ProcessEnded,
    ProcessStarted,
    SendPrepare,
    SendPlan,
    TakeOver,
    Grow,
    ThawCoordinator,
}

/// <summary>An event; members mean what the kind says.</summary>
internal struct SimulationEvent
{
    public ulong Key;
    public SimulationEventKind Kind;
    public int From;
    public int To;
    public long Generation;
    public long Step;
    public int Place;
    public int Number;
    public int Count;
    public SumRoute Route;
    public GroupMask Groups;
    public ulong Value;
    public ulong Value2;
    public object? Body;

    public readonly long Time => (long)(Key >> 24);

    public override readonly string ToString() => Kind switch
    {
        SimulationEventKind.Frame => $"{Route} frame g{Generation} step {Step} range {Place} groups {Groups}",
        SimulationEventKind.Announcement => $"announcement g{Generation} step {Step} shard {Place} replica {Number}",
        SimulationEventKind.FetchRequest => $"fetch request g{Generation} shard {Place}",
        SimulationEventKind.StateChunk => $"chunk {Number} of shard {Place} at step {Step} g{Generation}",
        SimulationEventKind.Parameters => $"parameters of shard {Place} at step {Step} g{Generation}",
        SimulationEventKind.ComputeDone => $"computed group {Place}",
        _ => $"{Kind} g{Generation}",
    };
}
