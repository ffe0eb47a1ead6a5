using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Training;

/// <summary>
/// Normal random numbers on the device, for tensors whose values matter as little as they do here: drawn once and copied over each tensor again and again. A billion weights take no time, and the
/// block's length is a prime, so that no two rows of a matrix are equal.
/// </summary>
internal sealed class RandomBlock : IDisposable
{
    private const int Length = 4_194_301;
    private readonly ITensorProvider _provider;
    private readonly BufferSet _memory;
    private readonly Tensor _singles;
    private readonly Tensor _halves;

    /// <summary>Draws a block.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="deviation">Standard deviation.</param>
    public RandomBlock(ITensorProvider provider, double deviation)
    {
        _provider = provider;
        BufferPlan plan = new();
        TensorSlot singles = plan.Add("random numbers", DType.F32, new Shape(Length));
        TensorSlot halves = plan.Add("random numbers in bf16", DType.BF16, new Shape(Length));
        _memory = provider.Allocate(plan);
        (_singles, _halves) = (_memory[singles], _memory[halves]);
        float[] values = new float[Length];
        RandomStream stream = new(0, "random block");
        const int Part = 65536;
        Parallel.For(0, (Length + Part - 1) / Part, p => TruncatedNormal.Fill(stream, deviation, (ulong)p * Part, values.AsSpan(p * Part, Math.Min(Part, Length - (p * Part)))));
        provider.Write<float>(_singles, values);
        provider.RoundToBFloat16(_singles, default, _halves);
    }

    /// <summary>Fills a tensor of F32 or BF16.</summary>
    public void Fill(in Tensor tensor)
    {
        Tensor block = tensor.DType == DType.BF16 ? _halves : _singles;
        for (long at = 0; at < tensor.Count; at += Length)
        {
            Shape part = new(Math.Min(Length, tensor.Count - at));
            _provider.Copy(block.View(0, part), tensor.View(at, part));
        }
    }

    /// <summary>Waits for the copies and frees the block.</summary>
    public void Dispose()
    {
        float last = 0f;
        _provider.Read(_singles.View(0, new Shape(1)), new Span<float>(ref last));
        _memory.Dispose();
    }
}
