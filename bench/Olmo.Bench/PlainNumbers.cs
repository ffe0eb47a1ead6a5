using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>Numbers in [-1, 1) without zeros, infinities or denormals: Numerical Recipes' linear generator.</summary>
internal static class PlainNumbers
{
    /// <summary>Fills a tensor, times a scale.</summary>
    public static void Write(CpuProvider provider, in Tensor tensor, float scale = 1f)
    {
        float[] part = new float[65536];
        uint seed = (uint)tensor.Count;
        for (long at = 0; at < tensor.Count; at += part.Length)
        {
            Span<float> values = part.AsSpan(0, (int)Math.Min(part.Length, tensor.Count - at));
            Fill(values, ref seed, scale);
            provider.Write<float>(tensor.View(at, new Shape(values.Length)), values);
        }
    }

    /// <summary>A buffer of such numbers.</summary>
    public static AlignedBuffer Buffer(long count, uint seed)
    {
        AlignedBuffer buffer = AlignedBuffer.Of<float>(count);
        for (long at = 0; at < count; at += 65536)
        {
            Fill(buffer.Span<float>(at, (int)Math.Min(65536, count - at)), ref seed, 1f);
        }

        return buffer;
    }

    private static void Fill(Span<float> values, ref uint seed, float scale)
    {
        foreach (ref float value in values)
        {
            seed = (seed * 1664525) + 1013904223;
            value = ((int)(seed | 1)) * (scale / (1L << 31));
        }
    }
}
