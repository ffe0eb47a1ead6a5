using System.Runtime.CompilerServices;

namespace Olmo.Model.Tensors;

/// <summary>What every provider asks of the operands of an operation before it begins.</summary>
internal static class OperandChecks
{
    /// <summary>Two tensors of one operation have as many elements.</summary>
    public static void RequireSame(string operation, in Tensor a, in Tensor b)
    {
        if (a.Count != b.Count)
        {
            throw Unfit(operation, a, b);
        }
    }

    /// <summary>A condition on two tensors of one operation.</summary>
    public static void Require(bool condition, string operation, in Tensor a, in Tensor b)
    {
        if (!condition)
        {
            throw Unfit(operation, a, b);
        }
    }

    /// <summary>Values of a .NET type are those of a tensor in rows, as many of them.</summary>
    public static void RequireValues<T>(in Tensor tensor, int count)
        where T : unmanaged
    {
        bool fits = tensor.DType switch
        {
            DType.F32 => typeof(T) == typeof(float),
            DType.F64 => typeof(T) == typeof(double),
            DType.I32 => typeof(T) == typeof(int),
            DType.I64 => typeof(T) == typeof(long),
            DType.F16 => typeof(T) == typeof(Half),
            DType.BF16 => typeof(T) == typeof(ushort),
            _ => false,
        };
        if (!fits || tensor.Count != count || tensor.Buffer.IsPacked)
        {
            throw new ArgumentException($"'{tensor.Buffer.Name}' is {tensor.DType} {tensor.Shape}; {count} values of {typeof(T).Name} were given.");
        }
    }

    /// <summary>Ranges lie inside a tensor and inside packed memory.</summary>
    public static void RequireInside(ReadOnlySpan<ChunkRange> ranges, string operation, in Tensor tensor, in Tensor packed)
    {
        foreach (ref readonly ChunkRange range in ranges)
        {
            Require(range.InTensor >= 0 && range.InTensor <= tensor.Count - range.Length, operation, tensor, packed);
        }

        RequirePacked(ranges, operation, packed, default, packed, packed);
    }

    /// <summary>Ranges lie inside packed memory; <paramref name="b"/> may be none.</summary>
    public static void RequirePacked(ReadOnlySpan<ChunkRange> ranges, string operation, in Tensor a, in Tensor b, in Tensor c, in Tensor d)
    {
        long least = Math.Min(Math.Min(a.Count, b.IsNone ? long.MaxValue : b.Count), Math.Min(c.Count, d.Count));
        foreach (ref readonly ChunkRange range in ranges)
        {
            Require(range.Length is > 0 and <= ChunkRange.MaxLength && range.Packed >= 0 && range.Packed <= least - range.Length, operation, a, b.IsNone ? c : b);
        }
    }

    /// <summary>Operands of a measure.</summary>
    public static void RequireMeasure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient)
    {
        Require(digests.Count == ranges.Length, "measure", sums, digests);
        Require(squares.IsNone ? gradient.IsNone : squares.Count == ranges.Length, "measure", sums, squares.IsNone ? digests : squares);
        RequirePacked(ranges, "measure", sums, other, gradient.IsNone ? sums : gradient, sums);
    }

    /// <summary>Sizes of a loss head.</summary>
    /// <returns>True if it has gradients.</returns>
    public static bool RequireLossHead(in LossHeadPass pass)
    {
        long rows = pass.Input.Shape.Rows;
        Require(pass.Weight.Shape.Columns == pass.Input.Shape.Columns, "loss head", pass.Input, pass.Weight);
        Require(pass.Labels.Count == rows, "loss head", pass.Input, pass.Labels);
        Require(pass.Weights.IsNone || pass.Weights.Count == rows, "loss head", pass.Input, pass.Weights.IsNone ? pass.Input : pass.Weights);
        Require(pass.CrossEntropy.Count == rows, "loss head", pass.Input, pass.CrossEntropy);
        Require(pass.ZLoss.Count == rows, "loss head", pass.Input, pass.ZLoss);
        Require(pass.LogProbability.IsNone || pass.LogProbability.Count == rows, "loss head", pass.Input, pass.LogProbability.IsNone ? pass.Input : pass.LogProbability);
        Require(pass.Logits.Shape.Columns == pass.Weight.Shape.Rows && pass.Logits.Shape.Rows > 0, "loss head", pass.Weight, pass.Logits);
        bool backward = !pass.InputGradient.IsNone;
        if (backward == pass.WeightGradient.IsNone)
        {
            throw new ArgumentException("A loss head has both gradients or none.", nameof(pass));
        }

        if (backward)
        {
            RequireSame("loss head", pass.Input, pass.InputGradient);
            RequireSame("loss head", pass.Weight, pass.WeightGradient);
        }

        return backward;
    }

    /// <summary>Operands of RoPE: whole heads, a position a row, and tables of half a head.</summary>
    public static void RequireRope(in Tensor x, in RopeAngles angles, in Tensor y)
    {
        RequireSame("RoPE", x, y);
        RequireSame("RoPE", angles.Cos, angles.Sin);
        Require(x.Shape.Columns % (2 * angles.Cos.Shape.Columns) == 0 && angles.Positions.Count == x.Shape.Rows, "RoPE", x, angles.Positions);
    }

    /// <summary>The error of operands that do not fit.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ArgumentException Unfit(string operation, in Tensor a, in Tensor b) =>
        new($"Tensors of a {operation} do not fit: '{a.Buffer.Name}' {a.DType} {a.Shape} and '{b.Buffer.Name}' {b.DType} {b.Shape}.");
}
