using Olmo.Model.Tensors;

namespace Olmo.Gpu.Kernels;

/// <summary>A kind of call: an operation on operands of certain types and shapes, and the least that it must do.</summary>
/// <param name="Name">Operation.</param>
/// <param name="Operands">Types and shapes.</param>
/// <param name="Flops">Floating-point operations of products; 0 where the rest counts for nothing beside moving bytes.</param>
/// <param name="Bytes">Bytes of its operands, each read once and each written once.</param>
internal readonly record struct Operation(string Name, string Operands, double Flops, double Bytes)
{
    /// <summary>An operation that touches its operands whole.</summary>
    /// <param name="name">Operation.</param>
    /// <param name="flops">Floating-point operations of products.</param>
    /// <param name="operands">Read or written once each; one that is both comes twice.</param>
    public static Operation Of(string name, double flops, params ReadOnlySpan<Tensor> operands)
    {
        double bytes = 0.0;
        List<string> texts = [];
        foreach (Tensor t in operands)
        {
            if (!t.IsNone)
            {
                bytes += (double)t.Count * t.DType.SizeBytes();
                texts.Add(TextOf(t));
            }
        }

        return new Operation(name, string.Join(' ', texts.Distinct(StringComparer.Ordinal)), flops, bytes);
    }

    /// <summary>Seconds below which it cannot be, by a device's ceilings.</summary>
    public double Floor(double productFlops, double copyBytes) => Math.Max(Flops / productFlops, Bytes / copyBytes);

    private static string TextOf(in Tensor t) => $"{(t.IsSeenAsBFloat16 ? "f32~bf16" : t.DType.ToString().ToLowerInvariant())}{t.Shape}".Replace(", ", "x", StringComparison.Ordinal);
}
