using Olmo.Model.Tensors;

namespace Olmo.SameBits;

/// <summary>
/// A planted bug: linear layers whose inner axis has a certain length are computed as two partial sums, as a kernel does that blocks over k without going on from
/// what is in C. Everything else goes to the real provider.
/// </summary>
internal sealed class SplitSumProvider(ITensorProvider inner, int innerAxis) : ITensorProvider
{
    public string Device => inner.Device + ", k split in two";

    public IReadOnlyCollection<Precision> Precisions => inner.Precisions;

    public IReadOnlyCollection<DType> ActivationTypes => inner.ActivationTypes;

    public int LeastProductRows => inner.LeastProductRows;

    public BufferSet Allocate(BufferPlan plan) => inner.Allocate(plan);

    public void Write<T>(in Tensor destination, ReadOnlySpan<T> values)
        where T : unmanaged => inner.Write(destination, values);

    public void Read<T>(in Tensor source, Span<T> values)
        where T : unmanaged => inner.Read(source, values);

    public ReadOnlySpan<T> View<T>(in Tensor source)
        where T : unmanaged => inner.View<T>(source);

    public void Zero(in Tensor tensor) => inner.Zero(tensor);

    public void Pack(in Tensor rows, in Tensor packed, long firstRow) => inner.Pack(rows, packed, firstRow);

    public void Copy(in Tensor source, in Tensor destination) => inner.Copy(source, destination);

    public void Add(in Tensor a, in Tensor b, in Tensor y) => inner.Add(a, b, y);

    public void AddInOrder(in Tensor values, in Tensor total) => inner.AddInOrder(values, total);

    public void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored) => inner.RoundToBFloat16(x, y, stored);

    public void Widen(in Tensor stored, in Tensor y) => inner.Widen(stored, y);

    public void Embedding(in Tensor table, in Tensor ids, in Tensor y) => inner.Embedding(table, ids, y);

    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient) => inner.EmbeddingGradient(ids, dy, tableGradient);

    public void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false)
    {
        int k = (int)weight.Shape[1];
        if (k != innerAxis || accumulate)
        {
            inner.Linear(x, weight, y, accumulate);
            return;
        }

        int rows = (int)(x.Count / k);
        int columns = (int)weight.Shape[0];
        BufferPlan plan = new();
        int half = k / 2;
        TensorSlot left = plan.Add("left x", DType.F32, new Shape(rows, half));
        TensorSlot right = plan.Add("right x", DType.F32, new Shape(rows, k - half));
        TensorSlot leftWeight = plan.Add("left weight", DType.F32, new Shape(columns, half));
        TensorSlot rightWeight = plan.Add("right weight", DType.F32, new Shape(columns, k - half));
        TensorSlot sum = plan.Add("partial sum", DType.F32, new Shape(rows, columns));
        using BufferSet memory = inner.Allocate(plan);
        Split(x, rows, k, half, memory[left], memory[right]);
        Split(weight, columns, k, half, memory[leftWeight], memory[rightWeight]);
        inner.Linear(memory[left], memory[leftWeight], y);
        inner.Linear(memory[right], memory[rightWeight], memory[sum]);
        inner.Add(y, memory[sum], y);
    }

    public void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false) =>
        inner.LinearInputGradient(dy, weight, dx, accumulate);

    public void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate) =>
        inner.LinearWeightGradient(dy, x, weightGradient, accumulate);

    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default) =>
        inner.RmsNorm(x, weight, y, rstd, epsilon, residual);

    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate) =>
        inner.RmsNormGradient(dy, x, weight, rstd, dx, weightGradient, accumulate);

    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon) => inner.LayerNorm(x, y, mean, rstd, epsilon);

    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx) =>
        inner.LayerNormGradient(dy, x, mean, rstd, dx);

    public void Clamp(in Tensor x, in Tensor y, double limit) => inner.Clamp(x, y, limit);

    public void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit) => inner.ClampGradient(dy, x, dx, limit);

    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin) => inner.RopeTable(spectrum, cos, sin);

    public void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity) =>
        inner.Rope(x, angles, y, limit);

    public void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx) =>
        inner.RopeGradient(dy, angles, dx);

    public void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y) =>
        inner.RmsNormRope(x, weight, rstd, epsilon, angles, y);

    public void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate) =>
        inner.RmsNormRopeGradient(dy, angles, x, weight, rstd, dx, weightGradient, accumulate);

    public void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp) =>
        inner.Attention(geometry, query, key, value, documentStarts, output, logSumExp);

    public void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output) => inner.CachedAttention(geometry, segments, query, key, value, keyCache, valueCache, output);

    public void AttentionGradient(
        in AttentionGeometry geometry,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor documentStarts,
        in Tensor output,
        in Tensor logSumExp,
        in Tensor outputGradient,
        in Tensor queryGradient,
        in Tensor keyGradient,
        in Tensor valueGradient) =>
        inner.AttentionGradient(
            geometry, query, key, value, documentStarts, output, logSumExp, outputGradient, queryGradient, keyGradient, valueGradient);

    public void SwiGlu(in Tensor gate, in Tensor up, in Tensor y) => inner.SwiGlu(gate, up, y);

    public void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient) =>
        inner.SwiGluGradient(dy, gate, up, gateGradient, upGradient);

    public void LossHead(in LossHeadPass pass) => inner.LossHead(pass);

    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags) =>
        inner.AddRounded(gradient, sums, ranges, limit, accumulate, flags);

    public void AddIntegers(in Tensor values, in Tensor sums) => inner.AddIntegers(values, sums);

    public int ReadPacked(in Tensor source, Span<byte> packed) => inner.ReadPacked(source, packed);

    public int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed) => inner.WritePacked(destination, packed);

    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient) =>
        inner.Measure(sums, other, ranges, digests, squares, gradient);

    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests) =>
        inner.AdamW(step, sums, other, p, m, v, ranges, digests);

    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests) =>
        inner.DigestState(p, m, v, ranges, digests);

    public void Dispose() => inner.Dispose();

    private void Split(in Tensor matrix, int rows, int k, int half, in Tensor left, in Tensor right)
    {
        float[] all = new float[rows * k];
        float[] first = new float[rows * half];
        float[] second = new float[rows * (k - half)];
        inner.Read<float>(matrix, all);
        for (int r = 0; r < rows; r++)
        {
            all.AsSpan(r * k, half).CopyTo(first.AsSpan(r * half));
            all.AsSpan((r * k) + half, k - half).CopyTo(second.AsSpan(r * (k - half)));
        }

        inner.Write<float>(left, first);
        inner.Write<float>(right, second);
    }
}
