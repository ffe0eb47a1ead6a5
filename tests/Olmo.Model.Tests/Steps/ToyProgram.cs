using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.State;

namespace Olmo.Model.Tests.Steps;

/// <summary>
/// A program without a model: the gradient of an element is a hundredth of the parameter plus a number that the group's tokens decide. Its second layer is
/// used twice.
/// </summary>
internal sealed class ToyProgram : IStepProgram, IDisposable
{
    private readonly PackedParameters _parameters;
    private readonly BufferSet _memory;
    private readonly Tensor _gradient;
    private readonly float[] _values;

    public ToyProgram(ITensorProvider provider, int shards)
    {
        ParameterLayout layout = new([new("embed", [301, 72], 0), new("up", [40_001], 1), new("norm", [73], 1), new("head", [9], 2)], shards);
        _parameters = new PackedParameters(provider, layout);
        _parameters.Fill(i => (int)Philox.Block((uint)i, 0, 0, 0, 1, 2).W0 / 2147483648f);
        BufferPlan plan = new();
        TensorSlot gradient = plan.Add("gradient", DType.F32, new Shape(layout.Tensors.Max(t => t.Elements)));
        _memory = provider.Allocate(plan);
        _gradient = _memory[gradient];
        _values = new float[_gradient.Count];
    }

    public WorkingParameters Parameters => _parameters.Working;

    /// <summary>Added to every gradient: NaN makes a step not finite.</summary>
    public float Offset { get; set; }

    /// <summary>Cancelled by the next group, between its passes.</summary>
    public CancellationTokenSource? CancelInside { get; set; }

    public bool RunGroup(GroupBatch batch, long globalLabels, GradientAccumulator sums, out GroupLoss loss, CancellationToken abort)
    {
        loss = default;
        CancelInside?.Cancel();
        if (abort.IsCancellationRequested)
        {
            return false;
        }

        float scale = (batch.Ids[0] - 500f) / globalLabels;
        for (int layer = Parameters.Layout.Layers - 1; layer >= 0; layer--)
        {
            foreach (ParameterSlot slot in Parameters.Layout.Tensors.AsSpan())
            {
                for (int use = 0; slot.Tensor.Layer == layer && use < (layer == 1 ? 2 : 1); use++)
                {
                    Give(slot, scale + use, sums);
                }
            }

            sums.CompleteLayer(layer);
        }

        loss = new GroupLoss(scale * scale, 1e-3 * batch.Group, batch.CountLabels(), batch.Tokens);
        return true;
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _memory.Dispose();
    }

    private void Give(ParameterSlot slot, float scale, GradientAccumulator sums)
    {
        Span<float> values = _values.AsSpan(0, (int)slot.Elements);
        Parameters.Read(slot.Index, 0, values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * 0.01f) + (scale * (i % 7) * 1e-3f) + Offset;
        }

        Tensor gradient = _gradient.View(0, new Shape(slot.Elements));
        Parameters.Provider.Write<float>(gradient, values);
        sums.AddGradient(slot.Index, gradient);
    }
}
