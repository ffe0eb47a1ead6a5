using Olmo.Model.Compute;
using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

/// <summary>
/// A program without a model: the gradient of an element is a hundredth of the parameter plus a number that the group's tokens decide. Its second layer is
/// used twice.
/// </summary>
internal sealed unsafe class ToyProgram : IStepProgram, IDisposable
{
    private readonly AlignedBuffer _parameters;
    private readonly AlignedBuffer _gradient;

    public ToyProgram(int shards)
    {
        ParameterLayout layout = new([new("embed", [301, 72], 0), new("up", [40_001], 1), new("norm", [73], 1), new("head", [9], 2)], shards);
        _parameters = AlignedBuffer.Of<float>(layout.Elements);
        _gradient = AlignedBuffer.Of<float>(layout.Tensors.Max(t => t.Elements));
        Span<float> values = _parameters.Span<float>(0, (int)layout.Elements);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (int)Philox.Block((uint)i, 0, 0, 0, 1, 2).W0 / 2147483648f;
        }

        Parameters = WorkingParameters.Packed(layout, _parameters);
    }

    public WorkingParameters Parameters { get; }

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
        _gradient.Dispose();
    }

    private void Give(ParameterSlot slot, float scale, GradientAccumulator sums)
    {
        float* gradient = _gradient.Pointer<float>();
        float* p = Parameters.Tensor(slot.Index);
        for (long i = 0; i < slot.Elements; i++)
        {
            gradient[i] = (p[i] * 0.01f) + (scale * (i % 7) * 1e-3f) + Offset;
        }

        sums.AddGradient(slot.Index, gradient);
    }
}
