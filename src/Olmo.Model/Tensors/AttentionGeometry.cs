namespace Olmo.Model.Tensors;

/// <summary>
/// Sizes of one attention. Query row i of a sequence has position <see cref="FirstPosition"/> + i and sees the keys max(document start, position - window + 1)
/// .. position of its own sequence.
/// </summary>
/// <param name="Sequences">Sequences, whose rows follow each other.</param>
/// <param name="Queries">Query rows of each sequence.</param>
/// <param name="Keys">Key and value rows from one sequence to the next; at least FirstPosition + Queries.</param>
/// <param name="FirstPosition">Position of the first query row: 0 in training, the number of cached keys in generation.</param>
/// <param name="QueryHeads">H</param>
/// <param name="KeyHeads">K, a divisor of H; query heads h * H/K .. share KV head h.</param>
/// <param name="HeadWidth">e</param>
/// <param name="Window">Keys that a query sees at most, itself included; 0: all.</param>
public readonly record struct AttentionGeometry(
    int Sequences, int Queries, int Keys, int FirstPosition, int QueryHeads, int KeyHeads, int HeadWidth, int Window)
{
    /// <summary>Rows of queries.</summary>
    public long QueryRows => (long)Sequences * Queries;

    /// <summary>Rows of keys and values.</summary>
    public long KeyRows => (long)Sequences * Keys;
}
