using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Embeddings and RoPE.</content>
public sealed unsafe partial class CudaProvider
{
    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, in Tensor y)
    {
        Require(table.Shape.Columns == y.Shape.Columns && ids.Count == y.Shape.Rows, "embedding", table, y);
        ulong rows = table.Buffer.IsPacked ? PackedAddress(table) : Address(table);
        Launch($"tokens/embedding_{Ending(table)}_{Ending(y)}", y.Shape.Rows, RowThreads, 0, rows, Address(ids, DType.I32), Address(y), (int)y.Shape.Columns);
        Changed(y);
    }

    /// <inheritdoc/>
    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient)
    {
        Require(tableGradient.Shape.Columns == dy.Shape.Columns && ids.Count == dy.Shape.Rows, "embedding gradient", dy, tableGradient);
        int rows = checked((int)dy.Shape.Rows);
        ulong next = Scratch(2L * rows * sizeof(int));
        ulong first = next + ((ulong)rows * sizeof(int));
        ulong tokens = Address(ids, DType.I32);
        Launch("tokens/token_chains", (rows + RowThreads - 1) / RowThreads, RowThreads, 0, tokens, next, first, rows);
        Launch(
            $"tokens/embedding_gradient_{Ending(dy)}", rows, RowThreads, 0,
            tokens, next, first, Address(dy), Address(tableGradient, DType.F32), (int)dy.Shape.Columns);
        Changed(tableGradient);
    }

    /// <inheritdoc/>
    /// <remarks>The table is formed on the host, by the functions that every device shares, and copied.</remarks>
    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin)
    {
        ArgumentNullException.ThrowIfNull(spectrum);
        RequireSame("RoPE table", cos, sin);
        Require(cos.Shape.Columns == spectrum.HeadWidth / 2 && spectrum.HeadWidth % 2 == 0, "RoPE table", cos, sin);
        (float[] frequencies, float magnitude) = Kernels.RopeTable.Frequencies(spectrum);
        float[] cosines = new float[cos.Count];
        float[] sines = new float[sin.Count];
        fixed (float* c = cosines, s = sines)
        {
            Kernels.RopeTable.Fill(c, s, frequencies, magnitude, 0, (nint)cos.Shape.Rows);
        }

        Write<float>(cos, cosines);
        Write<float>(sin, sines);
    }

    /// <inheritdoc/>
    /// <remarks>F32 to F32 or BF16, or BF16 to BF16.</remarks>
    public void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        Turn(x, angles, y, 1f, (float)limit);
    }

    /// <inheritdoc/>
    public void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx) => Turn(dy, angles, dx, -1f, float.PositiveInfinity);

    private void Turn(in Tensor x, in RopeAngles angles, in Tensor y, float sign, float limit)
    {
        RequireRope(x, angles, y);
        Require(x.DType == DType.F32 || x.DType == y.DType, "RoPE", x, y);
        Launch(
            $"tokens/rope_{Ending(x)}_{Ending(y)}", x.Shape.Rows, RowThreads, 0,
            Address(x), Address(angles.Positions, DType.I32), Address(angles.Cos, DType.F32), Address(angles.Sin, DType.F32), Address(y), (int)x.Shape.Columns,
            (int)angles.Cos.Shape.Columns, sign, limit);
        Changed(y);
    }
}
