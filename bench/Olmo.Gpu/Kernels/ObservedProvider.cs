using Olmo.Model.Tensors;

namespace Olmo.Gpu.Kernels;

/// <summary>A provider whose calls go to an observer, where there is one: what a step asks of its device, seen from outside. Tensors are the inner provider's.</summary>
/// <param name="inner">Does the work; the caller disposes it.</param>
internal sealed partial class ObservedProvider(ITensorProvider inner) : ITensorProvider
{
    /// <summary>Is given the calls; null: they go straight on.</summary>
    public IOperationObserver? Observer { get; set; }

    public string Device => inner.Device;

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

    public void Pack(in Tensor rows, in Tensor packed, long firstRow) => inner.Pack(rows, packed, firstRow);

    public int ReadPacked(in Tensor source, Span<byte> packed) => inner.ReadPacked(source, packed);

    public int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed) => inner.WritePacked(destination, packed);

    public void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output) => inner.CachedAttention(geometry, segments, query, key, value, keyCache, valueCache, output);

    public void Zero(in Tensor tensor)
    {
        Tensor t = tensor;
        Do("zero", 0.0, [t], () => inner.Zero(t));
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        (Tensor from, Tensor to) = (source, destination);
        Do("copy", 0.0, [from, to], () => inner.Copy(from, to));
    }

    public void Add(in Tensor a, in Tensor b, in Tensor y)
    {
        (Tensor one, Tensor other, Tensor sum) = (a, b, y);
        Do("add", 0.0, [one, other, sum], () => inner.Add(one, other, sum));
    }

    public void AddInOrder(in Tensor values, in Tensor total)
    {
        (Tensor from, Tensor to) = (values, total);
        Do("add in order", 0.0, [from, to], () => inner.AddInOrder(from, to));
    }

    public void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored)
    {
        (Tensor from, Tensor to, Tensor kept) = (x, y, stored);
        Do("round to bf16", 0.0, [from, to, kept], () => inner.RoundToBFloat16(from, to, kept));
    }

    public void Widen(in Tensor stored, in Tensor y)
    {
        (Tensor from, Tensor to) = (stored, y);
        Do("widen", 0.0, [from, to], () => inner.Widen(from, to));
    }

    public void Embedding(in Tensor table, in Tensor ids, in Tensor y)
    {
        (Tensor from, Tensor tokens, Tensor to) = (table, ids, y);
        Do("embedding", 0.0, [tokens, to, to], () => inner.Embedding(from, tokens, to));
    }

    // Only the rows of the tokens are touched.
    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient)
    {
        (Tensor tokens, Tensor from, Tensor to) = (ids, dy, tableGradient);
        Do("embedding gradient", 0.0, [tokens, from, from, from], () => inner.EmbeddingGradient(tokens, from, to));
    }

    public void LossHead(in LossHeadPass pass)
    {
        LossHeadPass copy = pass;
        bool hasGradient = !pass.InputGradient.IsNone;
        Do(
            hasGradient ? "loss head with gradients" : "loss head",
            (hasGradient ? 6.0 : 2.0) * pass.Input.Count * pass.Weight.Shape.Rows,
            [pass.Input, pass.Weight, pass.Labels, pass.CrossEntropy, pass.ZLoss, pass.InputGradient, pass.WeightGradient, pass.Accumulate ? pass.WeightGradient : default],
            () => inner.LossHead(copy));
    }

    public void Dispose()
    {
    }

    private void Do(string name, double flops, ReadOnlySpan<Tensor> operands, Action call)
    {
        if (Observer is { } observer)
        {
            observer.Run(Operation.Of(name, flops, operands), call);
        }
        else
        {
            call();
        }
    }
}
