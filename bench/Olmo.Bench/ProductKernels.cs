using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Bench;

/// <summary>Matrix products, ours and OpenBLAS's, of the same operands.</summary>
internal sealed unsafe class ProductKernels : IDisposable
{
    private static readonly GemmCase Square = new("Nn", 1536, 1536, 1536, false);
    private readonly ComputePool _pool;
    private readonly SimdWidth _width;
    private readonly OpenBlas? _peer;
    private readonly GemmWorkspace _workspace;
    private readonly AlignedBuffer _a;
    private readonly AlignedBuffer _b;
    private readonly AlignedBuffer _c;

    public ProductKernels(ComputePool pool, SimdWidth width, OpenBlas? peer, IEnumerable<GemmCase> cases)
    {
        (_pool, _width, _peer) = (pool, width, peer);
        GemmCase[] all = [Square, .. cases];
        _workspace = new GemmWorkspace(pool.Threads);
        _a = PlainNumbers.Buffer(all.Max(c => (long)c.M * c.K), 1);
        _b = PlainNumbers.Buffer(all.Max(c => (long)c.K * c.N), 2);
        _c = PlainNumbers.Buffer(all.Max(c => (long)c.M * c.N), 3);
        peer?.SetThreads(pool.Threads);
    }

    /// <summary>Floating-point operations of <see cref="BestSquare"/>.</summary>
    public static double SquareFlops => Square.Flops;

    /// <summary>One product by our kernels.</summary>
    public Action Ours(GemmCase product) => () => product.Multiply(_pool, _width, _workspace, _a.Pointer<float>(), _b.Pointer<float>(), _c.Pointer<float>());

    /// <summary>The same by OpenBLAS; null where it is not installed.</summary>
    public Action? Theirs(GemmCase product) =>
        _peer is null ? null : () => _peer.Multiply(in product, _a.Pointer<float>(), _b.Pointer<float>(), _c.Pointer<float>());

    /// <summary>A square product by whichever is faster.</summary>
    public Action BestSquare(TimeProvider time) =>
        Theirs(Square) is { } theirs && PairedRatio.Measure(Ours(Square), theirs, time, 0.5, 3).Median < 1 ? theirs : Ours(Square);

    /// <inheritdoc/>
    public void Dispose()
    {
        _workspace.Dispose();
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
    }
}
