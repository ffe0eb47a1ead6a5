using Olmo.Actors.Collectives;
using Olmo.Actors.Ranks;
using Olmo.Runtime.Hocon;

namespace Olmo.Host.Nodes;

/// <summary>What a recipe says of the world of ranks: how many, where they run, and how long each rung of the ladder waits. All of it is operational.</summary>
/// <param name="Ranks">Ranks that train together.</param>
/// <param name="Threads">Compute threads of a rank.</param>
/// <param name="Spares">Warm processes beside the ranks.</param>
/// <param name="Min">Fewest ranks to go on with.</param>
/// <param name="UsesProcesses">Whether ranks and coordinator are processes of their own.</param>
/// <param name="Respawns">Whether a rank's process that ended is replaced.</param>
/// <param name="ReplacementDelay">Longest wait of a replacement for the recovery from the death that it replaces.</param>
/// <param name="Binds">Whether compute threads are bound to processors.</param>
/// <param name="Nice">Nice value of a rank that is ready.</param>
/// <param name="Replicas">Parts of the world that own every shard once each.</param>
/// <param name="OperationTimeout">How long one transfer or reduce may take.</param>
/// <param name="StepTimeout">How long a rank may take for a named section of a step.</param>
/// <param name="SupervisorTimeout">How long a rank may be silent before its process is killed.</param>
/// <param name="RanksPatience">How long a first world waits for all its ranks.</param>
/// <param name="Silence">How long nothing may be heard from a process before it is called silent.</param>
/// <param name="ReplacesSlow">Whether a spare takes the place of a slow rank.</param>
/// <param name="SlowWindow">Steps over which the speed of ranks is compared.</param>
/// <param name="ConvictedRest">How long the place of a convicted rank stays empty.</param>
/// <param name="FrozenCoordinator">How long a coordinator may be silent before it is replaced; null: for ever.</param>
internal sealed record WorldKeys(
    int Ranks, int Threads, int Spares, int Min, bool UsesProcesses, bool Respawns, TimeSpan ReplacementDelay, bool Binds, int Nice, int Replicas, TimeSpan OperationTimeout, TimeSpan StepTimeout,
    TimeSpan SupervisorTimeout, TimeSpan RanksPatience, TimeSpan Silence, TimeSpan? FrozenCoordinator, bool ReplacesSlow, int SlowWindow, TimeSpan ConvictedRest)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads the keys and the rules over several of them.</summary>
    /// <param name="v">The recipe.</param>
    /// <param name="groups"><c>batch.groups</c>.</param>
    /// <param name="common"><c>compute.threads</c>.</param>
    /// <param name="processors">Processors of this machine.</param>
    public static WorldKeys Read(SettingsReader v, int groups, int common, int processors)
    {
        ArgumentNullException.ThrowIfNull(v);
        int ranks = v.Int32("ranks.count", 1, 8192);
        int threads = v.Int32("ranks.threads", 0, 4096);
        int min = v.Int32("ranks.min", 1, 8192);
        int replicas = v.Int32("state.replicas", 0, 8192);
        TimeSpan operation = v.Duration("ranks.operation-timeout", Shortest), step = v.Duration("ranks.step-timeout", Shortest);
        TimeSpan supervisor = v.Duration("ranks.supervisor-timeout", Shortest), frozen = v.Duration("ranks.frozen-coordinator-timeout", TimeSpan.Zero);
        TimeSpan patience = v.Duration("ranks.patience", TimeSpan.Zero);
        TimeSpan silence = v.Duration("ranks.silence", TimeSpan.FromMilliseconds(100));
        v.Require("ranks.count", () => ranks <= groups, () => $"at most batch.groups = {groups}, as a rank without a group has nothing to do", "batch.groups");
        v.Require("ranks.min", () => min <= ranks, () => $"at most ranks.count = {ranks}", "ranks.count");
        v.Require("state.replicas", () => replicas <= ranks, () => $"at most ranks.count = {ranks}", "ranks.count");
        v.Require("ranks.step-timeout", () => operation < step, () => $"more than ranks.operation-timeout = {operation}", "ranks.operation-timeout");
        v.Require("ranks.supervisor-timeout", () => step < supervisor, () => $"more than ranks.step-timeout = {step}", "ranks.step-timeout");
        v.Require("ranks.operation-timeout", () => silence < operation, () => $"more than ranks.silence = {silence}", "ranks.silence");
        v.Require("ranks.supervisor-timeout", () => silence < supervisor, () => $"more than ranks.silence = {silence}", "ranks.silence");
        return new WorldKeys(
            ranks, threads > 0 ? threads : common > 0 ? common : Math.Max(1, processors / ranks), v.Int32("ranks.spares", 0, 8192), min,
            v.Boolean("ranks.processes") || ranks > 1, v.Boolean("ranks.respawn"), v.Duration("ranks.replacement-delay", TimeSpan.Zero), v.Boolean("ranks.bind"), v.Int32("ranks.nice", 0, 19),
            replicas > 0 ? replicas : Math.Min(2, ranks), operation, step, supervisor,
            patience, silence, frozen > TimeSpan.Zero ? frozen : null, v.Choice("ranks.slow-policy", "tolerate", "replace") == "replace", v.Int32("ranks.slow-window", 0, 1_000_000),
            v.Duration("ranks.convicted-rest", TimeSpan.Zero));
    }

    /// <summary>Limits and timeouts of the data plane.</summary>
    public MeshSettings Mesh()
    {
        MeshTimeouts standard = MeshTimeouts.Default;
        TimeSpan heartbeat = Silence / 4 < standard.Heartbeat ? Silence / 4 : standard.Heartbeat;
        TimeSpan handshake = OperationTimeout / 2 < standard.Handshake ? OperationTimeout / 2 : standard.Handshake;
        return new MeshSettings { Timeouts = new MeshTimeouts(heartbeat, Silence, handshake, OperationTimeout, StepTimeout, SupervisorTimeout) };
    }

    /// <summary>
    /// True if compute threads have processors of their own and leave none: whatever else a rank's threads do then takes time from some rank's computation, and it should be its own. Left to the
    /// kernel, the threads that exchange sums gather on the processor where they wake each other, and the rank that computes there holds up all.
    /// </summary>
    /// <param name="processors">Processors of this machine.</param>
    public bool TakesAll(int processors) => Binds && (Ranks + Spares) * Threads == processors;

    /// <summary>How long a section of a rank's work may take: no less than a transfer, no more than a step.</summary>
    public SectionLimits Sections() => new(OperationTimeout, StepTimeout);

    /// <summary>
    /// Processors of the process in a slot, or none where binding is off or processes would share a processor. A slot beyond the machine's processors gets all that are not of a slot to
    /// avoid: unbound, it might run where another was convicted.
    /// </summary>
    public IReadOnlyList<int> ProcessorsOf(int slot, int processors, IReadOnlySet<int> avoided)
    {
        ArgumentNullException.ThrowIfNull(avoided);
        if (!Binds || (Ranks + Spares) * Threads > processors)
        {
            return [];
        }

        int[] own = [.. Enumerable.Range(slot * Threads, Threads).Where(p => p < processors)];
        return own.Length > 0 || avoided.Count == 0 ? own : [.. Enumerable.Range(0, processors).Where(p => !avoided.Contains(p / Threads))];
    }
}
