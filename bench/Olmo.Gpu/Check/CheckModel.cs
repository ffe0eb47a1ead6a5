using Olmo.Model.Models;

namespace Olmo.Gpu.Check;

/// <summary>A small model with random weights and the batch that it is given.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Config">Sizes: most are multiples of nothing.</param>
/// <param name="Sequences">Sequences of the batch.</param>
/// <param name="Length">Tokens of each.</param>
/// <param name="MicroBatch">Sequences of a pass: below <paramref name="Sequences"/> gradients go on over passes.</param>
/// <param name="Documents">Attention stays inside documents.</param>
/// <param name="Weights">Losses have weights.</param>
/// <param name="Recomputation">What the backward pass computes again.</param>
internal sealed record CheckModel(
    string Name,
    OlmoConfig Config,
    int Sequences,
    int Length,
    int MicroBatch,
    bool Documents = false,
    bool Weights = false,
    ActivationRecomputation Recomputation = ActivationRecomputation.None)
{
    private const double ZLoss = 1e-4;
    private const double OlmoDeviation = 0.02;

    /// <summary>Two as training begins with them, of OLMo's deviation; then with larger weights, for which each kernel matters more: all families, tied and untied, grouped queries, clipped projections, windows, documents; head widths 16 to 128, lengths 1 to 300.</summary>
    public static IReadOnlyList<CheckModel> All { get; } =
    [
        new("olmo1 as initialised", Of(ModelFamily.Olmo1, 512, 8, 8, 2048, 2048) with { Layers = 4, TiedEmbeddings = true, ClipQkv = 8.0, InitialDeviation = OlmoDeviation }, 2, 256, 2),
        new("olmo2 as initialised", Of(ModelFamily.Olmo2, 512, 8, 8, 2048, 2048) with { Layers = 4, InitialDeviation = OlmoDeviation }, 2, 256, 2),
        new("olmo1 tied, clipped", Of(ModelFamily.Olmo1, 64, 4, 4, 160, 272) with { TiedEmbeddings = true, ClipQkv = 0.7 }, 2, 33, 2),
        new("olmo1 grouped, clipped", Of(ModelFamily.Olmo1, 64, 4, 2, 144, 300) with { ClipQkv = 0.7 }, 3, 65, 2),
        new("olmo2", Of(ModelFamily.Olmo2, 128, 2, 2, 352, 515), 2, 128, 2),
        new("olmo2 one token", Of(ModelFamily.Olmo2, 64, 2, 2, 96, 130), 3, 1, 3),
        new("olmo2 seven tokens", Of(ModelFamily.Olmo2, 64, 2, 1, 96, 130), 1, 7, 1),
        new("olmo2 grouped, documents", Of(ModelFamily.Olmo2, 96, 6, 2, 203, 509), 4, 77, 3, Documents: true),
        new("olmo2 tied, weighted", Of(ModelFamily.Olmo2, 96, 4, 4, 256, 1003) with { TiedEmbeddings = true, HeadWidth = 32 }, 3, 50, 1, Weights: true),
        new("olmo2 wide heads", Of(ModelFamily.Olmo2, 256, 2, 2, 512, 1024), 2, 300, 2),
        new("olmo2 recomputed", Of(ModelFamily.Olmo2, 128, 2, 1, 256, 512), 2, 129, 2, Recomputation: ActivationRecomputation.Blocks),
        new("olmo3 windows", Of(ModelFamily.Olmo3, 128, 4, 2, 200, 515) with { Layers = 4, Windows = [8, 24, 100, 0] }, 2, 190, 2),
        new("olmo3 windows, documents", Of(ModelFamily.Olmo3, 128, 2, 2, 200, 515) with { Windows = [40, 0] }, 2, 150, 2, Documents: true),
    ];

    private static OlmoConfig Of(ModelFamily family, int width, int heads, int keyHeads, int feedForward, int vocabulary) => new()
    {
        Family = family,
        Width = width,
        Layers = 2,
        Heads = heads,
        KeyHeads = keyHeads,
        HeadWidth = width / heads,
        FeedForward = feedForward,
        Vocabulary = vocabulary,
        ContextLength = 512,
        InitialDeviation = 0.1,
        ZLossMultiplier = ZLoss,
    };
}
