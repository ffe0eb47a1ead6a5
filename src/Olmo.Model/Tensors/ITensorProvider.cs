namespace Olmo.Model.Tensors;

/// <summary>
/// The seam between models and devices. Tensors are handles; operations are put in line on the device in the order of the calls and return nothing;
/// <see cref="Read"/> is the only one that waits and gives values to the host. Memory is taken by <see cref="Allocate"/> only.
/// </summary>
/// <remarks>
/// <para>
/// One thread puts operations in line. A second one (the network's, or a writer's) may meanwhile, on tensors that nobody else uses, call <see cref="Read"/>,
/// <see cref="View"/> and <see cref="Write"/>, and, on one chunk of at most <see cref="ChunkRange.MaxLength"/> elements, <see cref="Zero"/>, <see cref="Copy"/>,
/// <see cref="AddIntegers"/>, <see cref="AddRounded"/>, <see cref="DigestState"/> and <see cref="Measure"/> without second sums or squares.
/// </para>
/// <para>"rows" is the number of tokens. A matrix is [rows, columns], a weight is [out, in]. Outputs must not overlap inputs unless a parameter says so.</para>
/// <para>
/// Order of sums, which decides bits: an element of a product is one chain of fused multiply-adds over the inner axis ascending, from +0, or from what is there
/// where <c>accumulate</c> is true; gradients of weights are chains over rows ascending. No result depends on how many rows a call has. A GPU has an order of its own, the same in every run, in which
/// the sizes of a call count.
/// </para>
/// <para>Errors: <see cref="ArgumentException"/> for shapes or types that do not fit, named with both; from the call itself, never later.</para>
/// </remarks>
public partial interface ITensorProvider : IDisposable
{
    /// <summary>Device and instruction set, for logs.</summary>
    string Device { get; }

    /// <summary>Types of a parameter that it can work with.</summary>
    IReadOnlyCollection<Precision> Precisions { get; }

    /// <summary>
    /// Types that operations take and give activations and their gradients in. F32 always; where BF16 is among them, results are rounded once where they are stored, and nobody needs to call
    /// <see cref="RoundToBFloat16"/> for them.
    /// </summary>
    IReadOnlyCollection<DType> ActivationTypes { get; }

    /// <summary>Rows from which on a product runs at nearly its full speed.</summary>
    int LeastProductRows { get; }

    /// <summary>Takes the memory of a plan, zeroed unless <see cref="BufferPlan.MayBeginWithAnything"/>. The caller disposes it before the provider.</summary>
    BufferSet Allocate(BufferPlan plan);

    /// <summary>Copies host values into a tensor; the span may be reused when this returns.</summary>
    /// <typeparam name="T">The .NET type of the tensor's dtype: float, double, int, long, Half, or ushort for bf16.</typeparam>
    /// <param name="destination">As many elements as the span.</param>
    /// <param name="values">The values.</param>
    void Write<T>(in Tensor destination, ReadOnlySpan<T> values)
        where T : unmanaged;

    /// <summary>Waits for all operations so far and copies a tensor to the host.</summary>
    /// <typeparam name="T">As for <see cref="Write"/>.</typeparam>
    /// <param name="source">As many elements as the span.</param>
    /// <param name="values">Where they go.</param>
    void Read<T>(in Tensor source, Span<T> values)
        where T : unmanaged;

    /// <summary>Waits for the operations that write a tensor in main memory and gives its values where they lie: they may be read until an operation writes them again.</summary>
    /// <typeparam name="T">As for <see cref="Write"/>.</typeparam>
    /// <param name="source">Of a plan with <see cref="BufferPlan.InHostMemory"/>; at most <see cref="int.MaxValue"/> elements.</param>
    ReadOnlySpan<T> View<T>(in Tensor source)
        where T : unmanaged;

    /// <summary>Sets a tensor to 0.</summary>
    void Zero(in Tensor tensor);

    /// <summary>Copies a tensor of the same type and count; the two may not overlap.</summary>
    void Copy(in Tensor source, in Tensor destination);

    /// <summary>y = a + b, element by element. y may be a or b.</summary>
    void Add(in Tensor a, in Tensor b, in Tensor y);

    /// <summary>total += Σ values, one fp64 addition after another, in order.</summary>
    /// <param name="values">[n]</param>
    /// <param name="total">F64 [1]</param>
    void AddInOrder(in Tensor values, in Tensor total);

    /// <summary>Writes rows of a weight into memory of the device's own order (<see cref="BufferPlan.AddPacked"/>), rounded to its type.</summary>
    /// <param name="rows">F32 [n, in]; n is a multiple of <see cref="BufferPlan.PackedRows"/> unless they are the last rows.</param>
    /// <param name="packed">[out, in]</param>
    /// <param name="firstRow">Row of the weight that the first one is: a multiple of <see cref="BufferPlan.PackedRows"/>.</param>
    void Pack(in Tensor rows, in Tensor packed, long firstRow);

    /// <summary>Rounds fp32 to bf16, to nearest, ties to even; NaN stays NaN.</summary>
    /// <param name="x">F32</param>
    /// <param name="y">F32, the rounded values; may be x; none: not wanted.</param>
    /// <param name="stored">BF16, the rounded values; none: not wanted.</param>
    void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored);

    /// <summary>y = stored, exact.</summary>
    /// <param name="stored">BF16</param>
    /// <param name="y">F32</param>
    void Widen(in Tensor stored, in Tensor y);

    /// <summary>y[t] = table[ids[t]]</summary>
    /// <param name="table">[V, d], may be packed.</param>
    /// <param name="ids">I32 [rows], each in 0 .. V - 1: checked where a batch is made.</param>
    /// <param name="y">[rows, d]</param>
    void Embedding(in Tensor table, in Tensor ids, in Tensor y);

    /// <summary>tableGradient[ids[t]] += dy[t], rows ascending.</summary>
    void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient);

    /// <summary>y (+)= x Wᵀ</summary>
    /// <param name="x">[rows, in]</param>
    /// <param name="weight">[out, in], may be packed: the bits are those of its values in rows; or seen as bf16.</param>
    /// <param name="y">[rows, out]</param>
    /// <param name="accumulate">True: y's chains go on from what it holds.</param>
    void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false);

    /// <summary>dx (+)= dy W; W may be seen as bf16.</summary>
    void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false);

    /// <summary>dW (+)= dyᵀ x, a chain over rows ascending.</summary>
    void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate);

    /// <summary>y = (residual +) w ⊙ (x rstd), rstd = (mean(x²) + epsilon)^(-1/2) of each row. The normed row is rounded to fp32 before it is added, and y once to its type.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="weight">[columns]</param>
    /// <param name="y">[rows, columns]; may be x or the residual.</param>
    /// <param name="rstd">[rows], written for the backward pass; none where there is none.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    /// <param name="residual">[rows, columns] to which the normed rows are added; none: nothing.</param>
    void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default);

    /// <summary>With n = x rstd and g = dy ⊙ w: dx = rstd (g - n mean(g ⊙ n)), dw (+)= Σ dy ⊙ n over rows ascending.</summary>
    /// <param name="dy">[rows, columns]</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="weight">[columns]</param>
    /// <param name="rstd">[rows] of the forward pass.</param>
    /// <param name="dx">[rows, columns]; may be dy.</param>
    /// <param name="weightGradient">[columns]</param>
    /// <param name="accumulate">True: the chains of the weight's gradient go on from what it holds.</param>
    void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate);

    /// <summary>y = (x - mean) rstd, rstd = (mean((x - mean)²) + epsilon)^(-1/2) of each row; no parameters.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="y">[rows, columns]; may be x.</param>
    /// <param name="mean">[rows], written for the backward pass; none where there is none.</param>
    /// <param name="rstd">As mean.</param>
    /// <param name="epsilon">Added to the variance.</param>
    void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon);

    /// <summary>With n = (x - mean) rstd: dx = rstd (dy - mean(dy) - n mean(dy ⊙ n)). dx may be dy.</summary>
    void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx);

    /// <summary>y = clamp(x, -limit, limit). y may be x.</summary>
    void Clamp(in Tensor x, in Tensor y, double limit);

    /// <summary>dx = dy where |x| ≤ limit, else 0. dx may be dy.</summary>
    void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit);

    /// <summary>Fills a table of sines and cosines: row t is position t.</summary>
    /// <param name="spectrum">The angles.</param>
    /// <param name="cos">[positions, e/2]</param>
    /// <param name="sin">[positions, e/2]</param>
    void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin);

    /// <summary>
    /// Turns every head of x, clamped to ±limit: y[i] = x[i] cos - x[i + e/2] sin, y[i + e/2] = x[i + e/2] cos + x[i] sin. Nothing is rounded to y's type but y.
    /// </summary>
    /// <param name="x">[rows, heads * e]</param>
    /// <param name="angles">Of each row.</param>
    /// <param name="y">[rows, heads * e]; may be x.</param>
    /// <param name="limit">Above 0; infinite: nothing is clamped.</param>
    void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity);

    /// <summary>The turn back: the backward pass. dx may be dy.</summary>
    void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx);

    /// <summary>y = <see cref="Rope"/> of <see cref="RmsNorm"/> of x: the norm goes over the whole row, all heads together. Nothing is rounded to y's type but y.</summary>
    /// <param name="x">[rows, heads * e]</param>
    /// <param name="weight">[heads * e]</param>
    /// <param name="rstd">[rows], written for the backward pass; none where there is none.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    /// <param name="angles">Of each row.</param>
    /// <param name="y">[rows, heads * e], not x.</param>
    void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y);

    /// <summary>dx = <see cref="RmsNormGradient"/> of <see cref="RopeGradient"/> of dy, and the gradient of the norm's weight.</summary>
    /// <param name="dy">[rows, heads * e]</param>
    /// <param name="angles">As in the forward pass.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="weight">[heads * e]</param>
    /// <param name="rstd">[rows] of the forward pass.</param>
    /// <param name="dx">[rows, heads * e], not dy.</param>
    /// <param name="weightGradient">[heads * e]</param>
    /// <param name="accumulate">True: the chains of the weight's gradient go on from what it holds.</param>
    void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate);

    /// <summary>output = softmax(q kᵀ / sqrt(e)) v over the keys that each query sees.</summary>
    /// <param name="geometry">Sizes.</param>
    /// <param name="query">[sequences * queries, H * e]</param>
    /// <param name="key">[sequences * keys, K * e], row j of a sequence at position j.</param>
    /// <param name="value">[sequences * keys, K * e]</param>
    /// <param name="documentStarts">I32 [sequences * queries], first position that each query may see; none: 0.</param>
    /// <param name="output">[sequences * queries, H * e]</param>
    /// <param name="logSumExp">[sequences * queries, H], written for the backward pass; none where there is none.</param>
    void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp);

    /// <summary>
    /// Generation: keys and values of new rows go into the caches of their sequences, then output = softmax(q kᵀ / sqrt(e)) v over the keys that each query sees there: the bits of
    /// <see cref="Attention"/> over the whole sequence.
    /// </summary>
    /// <param name="geometry">Sizes.</param>
    /// <param name="segments">The rows of the pass; slots differ.</param>
    /// <param name="query">[rows, H * e]</param>
    /// <param name="key">[rows, K * e]</param>
    /// <param name="value">[rows, K * e]</param>
    /// <param name="keyCache">[slots * capacity, K * e], in an order of the device's own; zeroed at first.</param>
    /// <param name="valueCache">As <paramref name="keyCache"/>.</param>
    /// <param name="output">[rows, H * e]</param>
    void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output);

    /// <summary>Gradients of whole sequences (Keys = Queries, FirstPosition 0), all written.</summary>
    void AttentionGradient(
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
        in Tensor valueGradient);

    /// <summary>y = silu(gate) ⊙ up, silu(a) = a σ(a). y may be gate or up.</summary>
    void SwiGlu(in Tensor gate, in Tensor up, in Tensor y);

    /// <summary>dUp = dy ⊙ silu(gate); dGate = dy ⊙ up ⊙ σ(gate) (1 + gate (1 - σ(gate))). dGate may be gate, dUp may be up.</summary>
    void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient);

    /// <summary>The fused final linear layer with its loss; see <see cref="LossHeadPass"/>.</summary>
    void LossHead(in LossHeadPass pass);
}
