using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.AttentionChecks;

namespace Olmo.Model.Cpu;

public sealed unsafe partial class CpuProvider
{
    /// <inheritdoc/>
    public void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp)
    {
        RequireAttention(geometry, query, key, value, output);
        AttentionJob job = new()
        {
            Width = _width,
            Geometry = geometry,
            Shape = ShapeOf(geometry),
            Inputs = InputsOf(geometry, query, key, value),
            FirstKeys = documentStarts.IsNone ? null : Integers(documentStarts),
            Output = Floats(output),
            LogSumExp = Optional(logSumExp),
            Scratch = Scratch(geometry.HeadWidth),
            ScratchFloats = _attentionFloats,
            Blocks = Blocks(geometry.Queries, AttentionShape.QueryBlock),
        };
        nint heads = (nint)geometry.Sequences * geometry.QueryHeads;
        _pool.Run(ref job, heads * job.Blocks, heads >= 8 * _pool.Threads ? job.Blocks : 1);
    }

    /// <inheritdoc/>
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
        in Tensor valueGradient)
    {
        RequireAttention(geometry, query, key, value, output);
        RequireGradients(geometry, query, key, value, outputGradient, queryGradient, keyGradient, valueGradient);
        AttentionGradientJob job = new()
        {
            Width = _width,
            Geometry = geometry,
            Shape = ShapeOf(geometry),
            Inputs = InputsOf(geometry, query, key, value),
            FirstKeys = documentStarts.IsNone ? null : Integers(documentStarts),
            Output = Floats(output),
            OutputGradient = Floats(outputGradient),
            LogSumExp = Floats(logSumExp),
            QueryGradient = Floats(queryGradient),
            KeyGradient = Floats(keyGradient),
            ValueGradient = Floats(valueGradient),
            Scratch = Scratch(geometry.HeadWidth),
            ScratchFloats = _attentionFloats,
        };
        _pool.Run(ref job, (nint)geometry.Sequences * geometry.KeyHeads);
    }

    private static AttentionShape ShapeOf(in AttentionGeometry g) =>
        new(g.QueryHeads, g.KeyHeads, g.HeadWidth, g.Window, (float)(1.0 / Math.Sqrt(g.HeadWidth)));

    private static AttentionInputs InputsOf(in AttentionGeometry g, in Tensor query, in Tensor key, in Tensor value) => new()
    {
        Query = Floats(query),
        Key = Floats(key),
        Value = Floats(value),
        QueryStride = (nint)g.QueryHeads * g.HeadWidth,
        KeyStride = (nint)g.KeyHeads * g.HeadWidth,
        ValueStride = (nint)g.KeyHeads * g.HeadWidth,
        FirstPosition = g.FirstPosition,
    };

    private static nint FloatsFor(int headWidth)
    {
        AttentionShape shape = new(1, 1, headWidth, 0, 1f);
        return LaneFold.RoundUp(Math.Max(shape.ForwardWorkspace, shape.BackwardWorkspace));
    }

    // Larger than at construction for wider heads than are usual, and then once.
    private float* Scratch(int headWidth)
    {
        nint needed = FloatsFor(headWidth);
        if (needed > _attentionFloats)
        {
            AlignedBuffer larger = AlignedBuffer.Of<float>(needed * _pool.Threads);
            _attentionScratch.Dispose();
            _attentionScratch = larger;
            _attentionFloats = needed;
        }

        return _attentionScratch.Pointer<float>();
    }

    private static AttentionInputs OfSequence(AttentionInputs inputs, in AttentionGeometry g, int* firstKeys, nint sequence)
    {
        inputs.Query += sequence * g.Queries * inputs.QueryStride;
        inputs.Key += sequence * g.Keys * inputs.KeyStride;
        inputs.Value += sequence * g.Keys * inputs.ValueStride;
        inputs.FirstKeys = firstKeys == null ? null : firstKeys + (sequence * g.Queries);
        return inputs;
    }

    private struct AttentionJob : IRangeJob
    {
        public SimdWidth Width;
        public AttentionGeometry Geometry;
        public AttentionShape Shape;
        public AttentionInputs Inputs;
        public int* FirstKeys;
        public float* Output;
        public float* LogSumExp;
        public float* Scratch;
        public nint ScratchFloats;
        public nint Blocks;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint item = from; item < to;)
            {
                // All blocks of a head that are in the range, whose keys and values are gathered for them once. The last block sees most keys: it is taken first.
                nint end = Math.Min(to, (item / Blocks * Blocks) + Blocks);
                nint fromRow = (Blocks - 1 - ((end - 1) % Blocks)) * AttentionShape.QueryBlock;
                nint toRow = Math.Min((Blocks - (item % Blocks)) * AttentionShape.QueryBlock, Geometry.Queries);
                nint sequence = item / Blocks / Geometry.QueryHeads;
                int head = (int)(item / Blocks % Geometry.QueryHeads);
                nint firstRow = sequence * Geometry.Queries;
                Kernels.Attention.Forward(
                    Width,
                    Shape,
                    OfSequence(Inputs, Geometry, FirstKeys, sequence),
                    Output + (firstRow * Inputs.QueryStride),
                    Inputs.QueryStride,
                    LogSumExp == null ? null : LogSumExp + (firstRow * Geometry.QueryHeads),
                    Scratch + (worker * ScratchFloats),
                    head,
                    head + 1,
                    fromRow,
                    toRow);
                item = end;
            }
        }
    }

    private struct AttentionGradientJob : IRangeJob
    {
        public SimdWidth Width;
        public AttentionGeometry Geometry;
        public AttentionShape Shape;
        public AttentionInputs Inputs;
        public int* FirstKeys;
        public float* Output;
        public float* OutputGradient;
        public float* LogSumExp;
        public float* QueryGradient;
        public float* KeyGradient;
        public float* ValueGradient;
        public float* Scratch;
        public nint ScratchFloats;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint item = from; item < to; item++)
            {
                nint sequence = item / Geometry.KeyHeads;
                int head = (int)(item % Geometry.KeyHeads);
                nint row = sequence * Geometry.Queries;
                Kernels.Attention.Backward(
                    Width,
                    Shape,
                    OfSequence(Inputs, Geometry, FirstKeys, sequence),
                    Output + (row * Inputs.QueryStride),
                    OutputGradient + (row * Inputs.QueryStride),
                    Inputs.QueryStride,
                    LogSumExp + (row * Geometry.QueryHeads),
                    QueryGradient + (row * Inputs.QueryStride),
                    KeyGradient + (row * Inputs.KeyStride),
                    ValueGradient + (row * Inputs.ValueStride),
                    Scratch + (worker * ScratchFloats),
                    Geometry.Queries,
                    head,
                    head + 1);
            }
        }
    }
}
