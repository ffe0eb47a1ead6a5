using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

/// <summary>One sequence with strided rows, and the calls on it.</summary>
internal sealed unsafe class AttentionCase
{
    public AttentionCase(int rows, int queryHeads, int keyHeads, int headWidth, int window, int[]? documents, float scale = 1f)
    {
        Rows = rows;
        Shape = new AttentionShape(queryHeads, keyHeads, headWidth, window, 1f / MathF.Sqrt(headWidth));
        QueryStride = (queryHeads * headWidth) + 5;
        KeyStride = (keyHeads * headWidth) + 3;
        ValueStride = (keyHeads * headWidth) + 1;
        OutputStride = queryHeads * headWidth;
        Query = TestData.Normal("q", rows * QueryStride, scale);
        Key = TestData.Normal("k", rows * KeyStride, scale);
        Value = TestData.Normal("v", rows * ValueStride, scale);
        Upstream = TestData.Normal("do", rows * OutputStride);
        if (documents is not null)
        {
            First = new Pinned<int>(rows);
            int start = 0;
            foreach (int length in documents)
            {
                First.Span.Slice(start, length).Fill(start);
                start += length;
            }

            Assert.Equal(rows, start);
        }
    }

    public int Rows { get; }

    public AttentionShape Shape { get; }

    public int QueryStride { get; }

    public int KeyStride { get; }

    public int ValueStride { get; }

    public int OutputStride { get; }

    public Pinned<float> Query { get; }

    public Pinned<float> Key { get; }

    public Pinned<float> Value { get; }

    /// <summary>The values in rows as far apart as the keys'.</summary>
    public Pinned<float> AlikeValue
    {
        get
        {
            Pinned<float> alike = new(Rows * KeyStride);
            for (int row = 0; row < Rows; row++)
            {
                Value.Span.Slice(row * ValueStride, Shape.KeyHeads * Shape.HeadWidth).CopyTo(alike.Span[(row * KeyStride)..]);
            }

            return alike;
        }
    }

    public Pinned<float> Upstream { get; }

    public Pinned<int>? First { get; }

    public AttentionInputs Inputs(int fromRow = 0) => new()
    {
        Query = Query.Pointer + (fromRow * QueryStride),
        Key = Key,
        Value = Value,
        QueryStride = QueryStride,
        KeyStride = KeyStride,
        ValueStride = ValueStride,
        FirstPosition = fromRow,
        FirstKeys = First is null ? null : First.Pointer + fromRow,
    };

    public (Pinned<float> Output, Pinned<float> LogSumExp) Forward(SimdWidth width)
    {
        Pinned<float> output = new(Rows * OutputStride), lse = new(Rows * Shape.QueryHeads), workspace = new((int)Shape.ForwardWorkspace);
        workspace.Span.Fill(float.NaN);
        Attention.Forward(width, Shape, Inputs(), output, OutputStride, lse, workspace, 0, Shape.QueryHeads, 0, Rows);
        workspace.AssertGuard();
        return (output, lse);
    }

    public Pinned<float>[] Backward(SimdWidth width, Pinned<float> output, Pinned<float> lse, int splitHead = 0)
    {
        Pinned<float> dq = new(Query.Length), dk = new(Key.Length), dv = new(Value.Length), workspace = new((int)Shape.BackwardWorkspace);
        foreach (Pinned<float> p in (Pinned<float>[])[dq, dk, dv, workspace])
        {
            p.Span.Fill(float.NaN);
        }

        Attention.Backward(width, Shape, Inputs(), output, Upstream, OutputStride, lse, dq, dk, dv, workspace, Rows, splitHead, Shape.KeyHeads);
        Attention.Backward(width, Shape, Inputs(), output, Upstream, OutputStride, lse, dq, dk, dv, workspace, Rows, 0, splitHead);
        workspace.AssertGuard();
        return [dq, dk, dv];
    }
}
