using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.SameBits;

/// <summary>A virtual rank's own weights and the program over them.</summary>
internal sealed class WorldProgram : IStepProgram, IDisposable
{
    private const ulong Seed = 6198;
    private readonly ResidentWeights _weights;
    private readonly PretrainProgram _program;

    public WorldProgram(ITensorProvider provider, SameBitsModel model, StepSettings settings)
    {
        _weights = new ResidentWeights(provider, new ParameterList(model.Config, _ => settings.Precision));
        Initialisation.Draw(_weights, Seed);
        _program = new PretrainProgram(provider, _weights, settings);
    }

    public WorkingParameters Parameters => _program.Parameters;

    public bool RunGroup(GroupBatch batch, long globalLabels, GradientAccumulator sums, out GroupLoss loss, CancellationToken abort) =>
        _program.RunGroup(batch, globalLabels, sums, out loss, abort);

    public void Dispose()
    {
        _program.Dispose();
        _weights.Dispose();
    }
}
