using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <content>Operations that are still to be written.</content>
public sealed unsafe partial class CudaProvider
{
    public void Embedding(in Tensor table, in Tensor ids, in Tensor y) => throw new NotImplementedException();

    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient) => throw new NotImplementedException();

    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon) => throw new NotImplementedException();

    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate) => throw new NotImplementedException();

    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon) => throw new NotImplementedException();

    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx) => throw new NotImplementedException();

    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin) => throw new NotImplementedException();

    public void Rope(in Tensor x, in Tensor positions, in Tensor cos, in Tensor sin, in Tensor y) => throw new NotImplementedException();

    public void RopeGradient(in Tensor dy, in Tensor positions, in Tensor cos, in Tensor sin, in Tensor dx) => throw new NotImplementedException();

    public void Attention(in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp) => throw new NotImplementedException();

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
        in Tensor valueGradient) => throw new NotImplementedException();

    public void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output) => throw new NotImplementedException();

    public void LossHead(in LossHeadPass pass) => throw new NotImplementedException();

    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags) => throw new NotImplementedException();

    public void AddIntegers(in Tensor values, in Tensor sums) => throw new NotImplementedException();

    public int ReadPacked(in Tensor source, Span<byte> packed) => throw new NotImplementedException();

    public int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed) => throw new NotImplementedException();

    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares) => throw new NotImplementedException();

    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests) => throw new NotImplementedException();

    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests) => throw new NotImplementedException();
}
