namespace Olmo.Bench;

/// <summary>Sizes of one of the models that the table is about, and of its micro-batch.</summary>
/// <param name="Width">d</param>
/// <param name="Hidden">Width of the feed-forward layer.</param>
/// <param name="Vocabulary">V</param>
/// <param name="Sequences">Sequences of a micro-batch.</param>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="HeadRows">Tokens whose logits are held at a time: what the model takes for this vocabulary.</param>
internal sealed record KernelShape(int Width, int Hidden, int Vocabulary, int Sequences, int Length, int HeadRows)
{
    /// <summary>Width of an attention head.</summary>
    public const int HeadWidth = 64;

    /// <summary>The two shapes of the side-by-side with the peer.</summary>
    public static IReadOnlyList<KernelShape> All { get; } = [new(512, 2048, 8192, 4, 512, 2048), new(768, 3072, 16384, 2, 1024, 1024)];

    /// <summary>Tokens of a micro-batch.</summary>
    public int Rows => Sequences * Length;

    /// <summary>Every matrix product of a step: attention's projections, the feed-forward layer's, the head's.</summary>
    public IEnumerable<GemmCase> Products() =>
        [
            .. GemmCase.OfLayer(Rows, Width, Width),
            .. GemmCase.OfLayer(Rows, Width, Hidden),
            .. GemmCase.OfLayer(Rows, Hidden, Width),
            .. GemmCase.OfLayer(HeadRows, Width, Vocabulary),
        ];
}
