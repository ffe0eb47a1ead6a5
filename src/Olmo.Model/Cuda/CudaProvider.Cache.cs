using System.Runtime.InteropServices;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.AttentionChecks;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>
/// Attention over caches, which lie as [slots, capacity, K, e]. Segments of few rows go by one kernel that cuts the keys of each row at fixed positions; those of many, prompts, as whole
/// attentions.
/// </content>
public sealed unsafe partial class CudaProvider
{
    private const int LeastPromptRows = 16;
    private const int PieceKeys = 256;
    private const int MostHeadsOfBlock = 8;
    private const int WarpsOfBlock = 16;

    private readonly List<CacheRow> _cacheRows = [];
    private readonly List<CacheRow> _sentCacheRows = [];
    private ScratchMemory? _cacheRowMemory;

    /// <inheritdoc/>
    /// <remarks>
    /// New rows are F32 or BF16, caches F32 or BF16; heads have at most 256 columns. The bits are not those of <see cref="Attention"/>: a row's depend on whether it is one of
    /// at least 16 of its segment.
    /// </remarks>
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
        Require(geometry.HeadWidth <= MostHeadColumns, $"attention (heads of at most {MostHeadColumns} columns)", query, key);
        string types = $"{Ending(query)}_{Ending(keyCache)}";
        CacheOperands operands = new(
            Address(query), Address(key, query.DType), Address(value, query.DType), Address(keyCache), Address(valueCache, keyCache.DType), Address(output, query.DType));
        if (segments.IsEmpty)
        {
            return;
        }

        int few = ListRows(segments);
        ulong rows = SendRows();
        int columns = geometry.KeyHeads * geometry.HeadWidth;
        Launch(
            $"attention_cached/append_{types}", _cacheRows.Count, 256, 0,
            rows, operands.Key, operands.Value, operands.KeyCache, operands.ValueCache, geometry.Capacity, columns);
        Changed(keyCache);
        Changed(valueCache);
        if (few > 0)
        {
            AttendByPieces(geometry, types, Ending(query), rows, CollectionsMarshal.AsSpan(_cacheRows)[..few], operands);
        }

        foreach (CacheSegment segment in segments)
        {
            if (segment.Rows >= LeastPromptRows)
            {
                AttendOfPrompt(geometry, segment, query.DType, keyCache.DType, operands);
            }
        }

        Changed(output);
    }

    // All rows of the pass, those of segments with few rows first.
    private int ListRows(ReadOnlySpan<CacheSegment> segments)
    {
        _cacheRows.Clear();
        int few = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (CacheSegment s in segments)
            {
                for (int i = 0; i < s.Rows && s.Rows >= LeastPromptRows == (pass == 1); i++)
                {
                    _cacheRows.Add(new CacheRow(s.FirstRow + i, s.Slot, s.FirstPosition + i, 0));
                }
            }

            few = pass == 0 ? _cacheRows.Count : few;
        }

        return few;
    }

    // Every layer of a pass has the same rows: they are sent once.
    private ulong SendRows()
    {
        RefuseRecording("The rows of an attention over caches");
        Enter();
        ReadOnlySpan<CacheRow> rows = CollectionsMarshal.AsSpan(_cacheRows);
        _cacheRowMemory ??= new ScratchMemory(_device);
        ulong address = _cacheRowMemory.Take((long)rows.Length * sizeof(CacheRow), isRecording: false);
        if (!rows.SequenceEqual(CollectionsMarshal.AsSpan(_sentCacheRows)))
        {
            _staging.Send(address, MemoryMarshal.AsBytes(rows));
            _sentCacheRows.Clear();
            _sentCacheRows.AddRange(rows);
        }

        return address;
    }

    private void AttendByPieces(in CacheGeometry g, string types, string type, ulong rows, ReadOnlySpan<CacheRow> list, in CacheOperands o)
    {
        int firstPiece = int.MaxValue;
        int lastPiece = 0;
        foreach (CacheRow row in list)
        {
            firstPiece = Math.Min(firstPiece, (g.Window > 0 ? Math.Max(row.Position - g.Window + 1, 0) : 0) / PieceKeys);
            lastPiece = Math.Max(lastPiece, row.Position / PieceKeys);
        }

        int group = g.QueryHeads / g.KeyHeads;
        int headsOfBlock = Math.Min(group, MostHeadsOfBlock);
        while (group % headsOfBlock != 0)
        {
            headsOfBlock--;
        }

        int warps = headsOfBlock * (WarpsOfBlock / headsOfBlock);
        int pieces = lastPiece - firstPiece + 1;
        int rowFloats = g.HeadWidth + 2;
        ulong partial = Scratch((long)pieces * list.Length * g.QueryHeads * rowFloats * sizeof(float));
        Launch(
            $"attention_cached/attend_{PlainWidth(g.HeadWidth)}_{types}", new KernelGrid((long)list.Length * (g.QueryHeads / headsOfBlock), pieces), 32 * warps, warps * rowFloats * sizeof(float),
            rows, o.Query, o.KeyCache, o.ValueCache, partial,
            g.Capacity, g.QueryHeads, group, headsOfBlock, g.HeadWidth, g.Window, firstPiece, ScaleOf(g.HeadWidth));
        Launch(
            $"attention_cached/combine_{type}", KernelGrid.Over((long)list.Length * g.QueryHeads, 8), 256, 0,
            rows, partial, o.Output, list.Length, g.QueryHeads, g.HeadWidth, g.Window, firstPiece);
    }

    // A bf16 prompt that begins its sequence reads its own keys, which are all there are, if the cache has them in another type.
    private void AttendOfPrompt(in CacheGeometry g, in CacheSegment s, DType type, DType cacheType, in CacheOperands o)
    {
        bool isOwn = type == DType.BF16 && cacheType != type && s.FirstPosition == 0;
        AttentionGeometry geometry = new(1, s.Rows, isOwn ? s.Rows : g.Capacity, s.FirstPosition, g.QueryHeads, g.KeyHeads, g.HeadWidth, g.Window);
        ulong queryOffset = (ulong)((long)s.FirstRow * g.QueryHeads * g.HeadWidth * type.SizeBytes());
        ulong keyOffset = isOwn
            ? (ulong)((long)s.FirstRow * g.KeyHeads * g.HeadWidth * type.SizeBytes())
            : (ulong)((long)s.Slot * g.Capacity * g.KeyHeads * g.HeadWidth * cacheType.SizeBytes());
        (ulong query, ulong output) = (o.Query + queryOffset, o.Output + queryOffset);
        (ulong key, ulong value) = isOwn ? (o.Key + keyOffset, o.Value + keyOffset) : (o.KeyCache + keyOffset, o.ValueCache + keyOffset);
        if (type == DType.BF16 && (isOwn || cacheType == type) && UsesTensorCores(g.HeadWidth, query | key | value | output))
        {
            TensorCoreAttention(geometry, query, key, value, 0, output, 0);
            return;
        }

        string types = (type, isOwn ? type : cacheType) switch
        {
            (DType.F32, DType.F32) => "f32",
            (DType.BF16, DType.BF16) => "bf16",
            (DType.BF16, _) => "bf16_f32",
            _ => "f32_bf16",
        };
        PlainAttention(geometry, types, query, key, value, 0, output, 0);
    }

    // As kernels read it.
    private readonly record struct CacheRow(int Row, int Slot, int Position, int Unused);

    private readonly record struct CacheOperands(ulong Query, ulong Key, ulong Value, ulong KeyCache, ulong ValueCache, ulong Output);
}
