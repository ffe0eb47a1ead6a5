using System.Numerics;
using Olmo.Model.Cuda.Interop;

namespace Olmo.Model.Cuda;

/// <summary>
/// Products by cuBLASLt. The first of a kind, with its sizes, types, strides and alignments, asks for an algorithm; every later one uses the same, so that equal products have equal
/// bits. One thread multiplies.
/// </summary>
internal sealed class CudaProducts : IDisposable
{
    private const long WorkspaceBytes = 64 << 20;

    // Addresses of whole tensors are multiples of this; the library gains nothing above it.
    private const int MaxAlignment = 256;

    private readonly CudaDevice _device;
    private readonly CublasLt _library;
    private readonly nint _handle;
    private readonly ulong _workspace;
    private readonly Dictionary<(Product Product, (uint A, uint B, uint C) Alignments), ProductPlan> _plans = [];

    /// <summary>Takes the scratch memory.</summary>
    public CudaProducts(CudaDevice device, CublasLt library)
    {
        _device = device;
        _library = library;
        device.Enter();
        _handle = library.Create();
        _workspace = device.Driver.Allocate(WorkspaceBytes);
    }

    /// <summary>Version of the library, 10000 major + 100 minor + patch.</summary>
    public long Version => _library.Version;

    /// <summary>A line for each product so far with its algorithm, in the order of the first calls.</summary>
    public IReadOnlyList<string> Algorithms => [.. _plans.Values.Select(p => p.ToString())];

    /// <summary>Puts a product in line.</summary>
    /// <param name="product">Kind, sizes and types.</param>
    /// <param name="left">Address of x, dy, dy.</param>
    /// <param name="right">Address of W, W, x.</param>
    /// <param name="result">Address of y, dx, dW.</param>
    /// <exception cref="NotSupportedException">The library has no algorithm for it.</exception>
    public void Multiply(in Product product, ulong left, ulong right, ulong result)
    {
        (uint A, uint B, uint C) alignments = (AlignmentOf(right), AlignmentOf(left), AlignmentOf(result));
        if (!_plans.TryGetValue((product, alignments), out ProductPlan? plan))
        {
            plan = new ProductPlan(_library, _handle, product, alignments, WorkspaceBytes);
            _plans.Add((product, alignments), plan);
        }

        _library.Multiply(_handle, plan, right, left, result, _workspace, WorkspaceBytes, _device.Stream);
    }

    /// <summary>Frees plans and scratch memory; the device's context must be current.</summary>
    public void Dispose()
    {
        foreach (ProductPlan plan in _plans.Values)
        {
            plan.Dispose();
        }

        _plans.Clear();
        _library.Destroy(_handle);
        _device.Driver.Free(_workspace);
    }

    private static uint AlignmentOf(ulong address) => 1u << Math.Min(BitOperations.TrailingZeroCount(address), BitOperations.Log2(MaxAlignment));
}
