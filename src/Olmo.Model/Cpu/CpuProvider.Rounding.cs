using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

/// <content>bf16 as a storage type: the arithmetic is fp32.</content>
public sealed unsafe partial class CpuProvider
{
    /// <inheritdoc/>
    public void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored)
    {
        Require(y.IsNone || y.Count == x.Count, "rounding", x, y.IsNone ? x : y);
        Require(stored.IsNone || stored.Count == x.Count, "rounding", x, stored.IsNone ? x : stored);
        RoundingJob job = new() { Width = _width, X = Floats(x), Y = Optional(y), Stored = stored.IsNone ? null : Halves(stored), Count = (nint)x.Count };
        RunShort(ref job, Blocks(job.Count, ItemElements));
    }

    /// <inheritdoc/>
    public void Widen(in Tensor stored, in Tensor y)
    {
        RequireSame("widening", stored, y);
        RoundingJob job = new() { Width = _width, Y = Floats(y), Stored = Halves(stored), Count = (nint)y.Count };
        RunShort(ref job, Blocks(job.Count, ItemElements));
    }

    private static ushort* Halves(in Tensor tensor) => (ushort*)Address(tensor, DType.BF16);

    private struct RoundingJob : IRangeJob
    {
        public SimdWidth Width;
        public float* X; // null: from what is stored
        public float* Y;
        public ushort* Stored;
        public nint Count;

        public readonly void Execute(nint from, nint to, int worker)
        {
            nint start = from * ItemElements;
            nint end = Math.Min(to * ItemElements, Count);
            if (X == null)
            {
                Rounding.Widen(Width, Stored, Y, start, end);
            }
            else
            {
                Rounding.ToBFloat16(Width, X, Y, Stored, start, end);
            }
        }
    }
}
