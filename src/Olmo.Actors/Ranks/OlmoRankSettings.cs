using Olmo.Data.Instances;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>What an engine needs to know of the run that it trains.</summary>
/// <param name="Run">Name of the run.</param>
/// <param name="Config">Sizes of the model.</param>
/// <param name="Step">The step.</param>
/// <param name="Seed">Draws the initial weights.</param>
/// <param name="Threads">Compute threads, where processors compute.</param>
/// <param name="Width">Instruction set, where processors compute.</param>
/// <param name="DataFingerprint">Hash of the token files, for the manifest.</param>
/// <param name="CursorAfter">Where the data stands after a batch of the order of the data, for the manifest.</param>
/// <param name="HeldOut">What the end is evaluated on; null: nothing.</param>
/// <param name="HeldOutTokens">Tokens of it at most; 0: all.</param>
/// <param name="Export">Writes the model's folder, called with the engine's weights once at the end; gives its path.</param>
/// <param name="PeakFlops">Best matrix product of this machine if it was measured before, operations per second; null: each engine measures it.</param>
/// <param name="AuditInterval">Every how many steps a group is computed a second time; 0: never.</param>
/// <param name="RanksAhead">Ranks of the world that an engine takes its memory for before it is named in a plan; 0: it takes none.</param>
public sealed record OlmoRankSettings(
    string Run, OlmoConfig Config, StepSettings Step, ulong Seed, int Threads, SimdWidth Width, string DataFingerprint, Func<long, string> CursorAfter,
    InstanceDataSet? HeldOut, long HeldOutTokens, Func<ResidentWeights, string> Export, double? PeakFlops = null, long AuditInterval = 0, int RanksAhead = 0)
{
    /// <summary>Makes what an engine computes on, called by its compute thread; null: the processors, with <see cref="Threads"/> and <see cref="Width"/>.</summary>
    public Func<IComputeDevice>? Device { get; init; }

    /// <summary>Fills the weights that the training starts from; null: they are drawn.</summary>
    public Action<ResidentWeights>? InitialWeights { get; init; }

    /// <summary>Makes the device.</summary>
    public IComputeDevice OpenDevice() => Device?.Invoke() ?? new CpuDevice(Threads, Width);
}
