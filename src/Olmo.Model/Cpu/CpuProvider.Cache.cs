using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.AttentionChecks;

namespace Olmo.Model.Cpu;

/// <content>
/// Attention over caches. Keys lie as [slots, K, tiles, e, 64], values as [slots, K, capacity, e]: what a token reads of a KV head is in one piece each.
/// </content>
public sealed unsafe partial class CpuProvider
{
    /// <inheritdoc/>
    public void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output)
    {
        RequireCachedAttention(geometry, segments, query, key, value, keyCache, valueCache, output);
        fixed (CacheSegment* first = segments)
        {
            CacheJob job = new()
            {
                Width = _width,
                Geometry = geometry,
                Shape = new AttentionShape(geometry.QueryHeads, geometry.KeyHeads, geometry.HeadWidth, geometry.Window, (float)(1.0 / Math.Sqrt(geometry.HeadWidth))),
                Segments = first,
                Query = Floats(query),
                Key = Floats(key),
                Value = Floats(value),
                KeyCache = Floats(keyCache),
                ValueCache = Floats(valueCache),
                Output = Floats(output),
                Scratch = Scratch(geometry.HeadWidth),
                ScratchFloats = _attentionFloats,
            };
            int single = 0;
            for (int i = 0; i < segments.Length; i++)
            {
                if (segments[i].Rows == 1)
                {
                    single++;
                    continue;
                }

                // Queries of one block see keys of others: all are in the cache before any is read.
                CacheJob rows = job;
                rows.Segments = first + i;
                rows.Work = CacheWork.Append;
                _pool.Run(ref rows, geometry.KeyHeads);
                rows.Work = CacheWork.Blocks;
                rows.Blocks = Blocks(segments[i].Rows, AttentionShape.QueryBlock);
                _pool.Run(ref rows, rows.Blocks * geometry.QueryHeads);
            }

            if (single > 0)
            {
                job.Work = CacheWork.SingleRows;
                nint heads = (nint)segments.Length * geometry.KeyHeads;
                _pool.Run(ref job, heads, Math.Max(1, heads / (4 * _pool.Threads)));
            }
        }
    }

    private enum CacheWork
    {
        Append,
        Blocks,
        SingleRows,
    }

    private struct CacheJob : IRangeJob
    {
        public SimdWidth Width;
        public CacheGeometry Geometry;
        public AttentionShape Shape;
        public CacheSegment* Segments;
        public CacheWork Work;
        public float* Query;
        public float* Key;
        public float* Value;
        public float* KeyCache;
        public float* ValueCache;
        public float* Output;
        public float* Scratch;
        public nint ScratchFloats;
        public nint Blocks;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint item = from; item < to; item++)
            {
                if (Work == CacheWork.SingleRows)
                {
                    CacheSegment segment = Segments[item / Geometry.KeyHeads];
                    if (segment.Rows == 1)
                    {
                        int head = (int)(item % Geometry.KeyHeads);
                        AttentionInputs inputs = InputsOf(segment);
                        if (head + 1 < Geometry.KeyHeads && item + 1 < to && Width != SimdWidth.Scalar)
                        {
                            Kernels.Attention.AskFor(Shape, inputs, head + 1);
                        }

                        Append(segment, inputs, head);
                        Kernels.Attention.ForwardCachedRow(
                            Width, Shape, inputs, Output + (segment.FirstRow * inputs.QueryStride), Scratch + (worker * ScratchFloats), head, 0, isLast: item + 1 == to || head + 1 == Geometry.KeyHeads);
                    }
                }
                else if (Work == CacheWork.Append)
                {
                    Append(*Segments, InputsOf(*Segments), (int)item);
                }
                else
                {
                    Block(*Segments, item, worker);
                }
            }
        }

        // The last block of a sequence sees most keys: the long items are taken first.
        private readonly void Block(in CacheSegment segment, nint item, int worker)
        {
            nint row = (Blocks - 1 - (item / Geometry.QueryHeads)) * AttentionShape.QueryBlock;
            int head = (int)(item % Geometry.QueryHeads);
            AttentionInputs inputs = InputsOf(segment);
            Kernels.Attention.Forward(
                Width,
                Shape,
                inputs,
                Output + (segment.FirstRow * inputs.QueryStride),
                inputs.QueryStride,
                null,
                Scratch + (worker * ScratchFloats),
                head,
                head + 1,
                row,
                Math.Min(row + AttentionShape.QueryBlock, segment.Rows));
        }

        private readonly void Append(in CacheSegment segment, in AttentionInputs inputs, int head)
        {
            nint stride = (nint)Geometry.KeyHeads * Geometry.HeadWidth;
            nint first = segment.FirstRow * stride;
            Kernels.Attention.Append(Shape, inputs, Key + first, Value + first, stride, head, 0, segment.Rows);
        }

        private readonly AttentionInputs InputsOf(in CacheSegment segment)
        {
            nint head = (nint)Geometry.Capacity * Geometry.HeadWidth;
            nint slot = segment.Slot * Geometry.KeyHeads * head;
            nint stride = (nint)Geometry.QueryHeads * Geometry.HeadWidth;
            return new AttentionInputs
            {
                Query = Query + (segment.FirstRow * stride),
                QueryStride = stride,
                KeyTiles = KeyCache + slot,
                Value = ValueCache + slot,
                CacheStride = head,
                FirstPosition = segment.FirstPosition,
            };
        }
    }
}
