using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>bf16 beside fp32, and weights in the order in which products read them, which is that of rows here.</content>
public sealed unsafe partial class CudaProvider
{
    /// <inheritdoc/>
    public void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored)
    {
        Require(y.IsNone || y.Count == x.Count, "rounding", x, y.IsNone ? x : y);
        Require(stored.IsNone || stored.Count == x.Count, "rounding", x, stored.IsNone ? x : stored);
        Round(Address(x, DType.F32), Optional(y, DType.F32), Optional(stored, DType.BF16), x.Count);
        Changed(y);
        Changed(stored);
    }

    /// <inheritdoc/>
    public void Widen(in Tensor stored, in Tensor y)
    {
        RequireSame("widening", stored, y);
        Widen(Address(stored, DType.BF16), Address(y, DType.F32), y.Count);
        Changed(y);
    }

    /// <inheritdoc/>
    public void Pack(in Tensor rows, in Tensor packed, long firstRow)
    {
        Require(packed.Buffer.IsPacked && rows.Shape.Columns == packed.Shape.Columns, "packing", rows, packed);
        Require(firstRow >= 0 && firstRow % BufferPlan.PackedRows == 0 && firstRow <= packed.Shape.Rows - rows.Shape.Rows, "packing", rows, packed);
        Require(rows.Shape.Rows % BufferPlan.PackedRows == 0 || firstRow + rows.Shape.Rows == packed.Shape.Rows, "packing", rows, packed);
        ulong source = Address(rows, DType.F32);
        ulong target = PackedAddress(packed) + (ulong)(firstRow * rows.Shape.Columns * packed.DType.SizeBytes());
        if (packed.DType == DType.BF16)
        {
            Round(source, 0, target, rows.Count);
        }
        else if (rows.Count > 0)
        {
            Enter();
            _device.Driver.Copy(target, source, rows.Count * sizeof(float), _device.Stream);
        }

        Changed(packed);
    }

    /// <summary>Address of the values of a weight that is seen as bf16, rounded: made once for each change of its buffer.</summary>
    private ulong Rounded(in Tensor weight)
    {
        ulong source = Address(weight.AsStored(), DType.F32);
        CudaBuffer buffer = BufferOf(weight);
        Enter();
        buffer.Rounded ??= new RoundedShadow(_device, _device.Driver.Allocate(Math.Max(buffer.Count, 1) * sizeof(ushort)));
        ulong rounded = buffer.Rounded.At(weight.Offset);
        if (!buffer.Rounded.Renew(weight.Offset, weight.Count, buffer.Version, IsRecording ? _recordings : 0))
        {
            Round(source, 0, rounded, weight.Count);
        }

        return rounded;
    }

    // F32 at x, rounded, as F32 at y and as BF16 at stored, each unless 0.
    private void Round(ulong x, ulong y, ulong stored, long count) =>
        Launch("elements/round_bf16", KernelGrid.Over(count, ElementsOfBlock), ElementThreads, 0, x, y, stored, count);

    // BF16 at stored as F32 at y.
    private void Widen(ulong stored, ulong y, long count) =>
        Launch("elements/widen_bf16", KernelGrid.Over(count, ElementsOfBlock), ElementThreads, 0, stored, y, count);
}
