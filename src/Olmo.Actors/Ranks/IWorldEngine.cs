using Olmo.Actors.Collectives;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>Connects a rank with the other members of a plan.</summary>
/// <param name="plan">The plan; it has at least two members.</param>
/// <param name="self">Own position.</param>
/// <param name="handler">Takes the messages, which may come before this returns.</param>
/// <param name="abort">Cancelled when the generation is over before it was connected.</param>
/// <exception cref="MeshException">A member could not be reached.</exception>
public delegate IMesh MeshConnector(GenerationPlan plan, int self, IMeshHandler handler, CancellationToken abort);

/// <summary>
/// The engine of a rank in a world of several. Its compute thread calls <see cref="IRankEngine.RunStep"/> step after step across generations; a control thread calls
/// <see cref="Prepare"/> and <see cref="Join"/> while it does, one at a time each. A step throws <see cref="StepRewoundException"/> where a plan went back to an older
/// state: the loop takes the batch of the step after that.
/// </summary>
public interface IWorldEngine : IRankEngine
{
    /// <summary>Generations that the rank knows.</summary>
    RankStanding Standing { get; }

    /// <summary>Where the time of the last <see cref="Join"/> went; read by who called it.</summary>
    JoinReport LastJoin { get; }

    /// <summary>Where its threads are; read by whoever watches them, without a lock.</summary>
    IReadOnlyList<SectionClock> Clocks { get; }

    /// <summary>The last operations with its peers; null without a mesh. From any thread, without a lock.</summary>
    MeshOperations? Operations { get; }

    /// <summary>Groups computed since the engine was made, and the time that they took.</summary>
    (long Groups, TimeSpan Time) Computing { get; }

    /// <summary>The mesh of a generation failed: computing goes on, nothing is applied until the next plan. From any thread.</summary>
    event Action<long, MeshError>? WorldFailed;

    /// <summary>The rank found something wrong in the numbers, of itself or of another: for the supervisor of ranks. From any thread.</summary>
    event Action<IRankFinding>? Found;

    /// <summary>
    /// Ends the generation in work and reports for the next: from the return on nothing of the old one is added, sent, announced or applied (rule 12). An update in work
    /// is finished first (rule 9). Forward and backward of the run go on. Asked again for the same number, it gives the same report.
    /// </summary>
    /// <param name="generation">Number of the next generation.</param>
    /// <returns>Null where a higher number was promised.</returns>
    WorldReport? Prepare(long generation);

    /// <summary>
    /// Takes a plan and carries it out: rolls forward, copies state and base, gathers parameters. Returns when the rank stands at the plan's step with verified state, the
    /// base, and whole parameters; the compute thread goes on as soon as its part is there.
    /// </summary>
    /// <param name="plan">The plan, which names this rank.</param>
    /// <param name="store">Shard files, if the plan starts from a checkpoint.</param>
    /// <param name="connect">Makes the mesh; not called for a world of one.</param>
    /// <param name="abort">Ends the waiting: the rank leaves the world.</param>
    /// <returns>False where the plan was refused, or its generation ended before all was there: the next <see cref="Prepare"/> says what is.</returns>
    /// <exception cref="CheckpointUnreadableException">A file is missing or its digest differs.</exception>
    /// <exception cref="StateTransferException">No donor gave a shard's state.</exception>
    bool Join(GenerationPlan plan, IObjectStore store, MeshConnector? connect, CancellationToken abort);
}
