using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

/// <content>Weights in the order in which products read them.</content>
public sealed unsafe partial class CpuProvider
{
    /// <inheritdoc/>
    public void Pack(in Tensor rows, in Tensor packed, long firstRow)
    {
        Require(packed.Buffer.IsPacked && rows.Shape.Columns == packed.Shape.Columns, "packing", rows, packed);
        Require(firstRow >= 0 && firstRow % BufferPlan.PackedRows == 0 && firstRow <= packed.Shape.Rows - rows.Shape.Rows, "packing", rows, packed);
        Require(rows.Shape.Rows % BufferPlan.PackedRows == 0 || firstRow + rows.Shape.Rows == packed.Shape.Rows, "packing", rows, packed);
        int lanes = PackedPanels.Lanes(_width);
        long at = firstRow * rows.Shape.Columns;
        PackJob job = new()
        {
            Source = Floats(rows),
            Rows = (nint)rows.Shape.Rows,
            Columns = (nint)rows.Shape.Columns,
            Lanes = lanes,
            Target = PackedAddress(packed) + (at * packed.DType.SizeBytes()),
            IsHalf = packed.DType == DType.BF16,
        };
        _pool.Run(ref job, Blocks(job.Rows, lanes));
    }

    private static byte* PackedAddress(in Tensor packed) =>
        packed.Buffer is CpuBuffer buffer && packed.DType is DType.F32 or DType.BF16
            ? buffer.At(packed.Offset)
            : throw new ArgumentException($"'{packed.Buffer.Name}' is {packed.DType} of '{packed.Buffer.Device}'; packed weights are F32 or BF16 of '{CpuBuffer.MainMemory}'.");

    private struct PackJob : IRangeJob
    {
        public float* Source;
        public nint Rows;
        public nint Columns;
        public int Lanes;
        public byte* Target;
        public bool IsHalf;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (IsHalf)
            {
                PackedPanels.PackBFloat16(Source, Rows, Columns, Lanes, (ushort*)Target, from, to);
            }
            else
            {
                PackedPanels.Pack(Source, Rows, Columns, Lanes, (float*)Target, from, to);
            }
        }
    }

    private struct PackedRowsJob : IRangeJob
    {
        public byte* Table;
        public int* Ids;
        public float* Y;
        public nint Columns;
        public int Lanes;
        public bool IsHalf;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (IsHalf)
            {
                PackedPanels.RowsBFloat16((ushort*)Table, Ids, Y, Columns, Lanes, from, to);
            }
            else
            {
                PackedPanels.Rows((float*)Table, Ids, Y, Columns, Lanes, from, to);
            }
        }
    }
}
