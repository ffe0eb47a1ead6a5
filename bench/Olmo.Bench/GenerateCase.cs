using System.Globalization;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>A model to decode with: at least 500 MB of weights a token.</summary>
/// <param name="Name">For the lines and --only.</param>
/// <param name="Config">Sizes.</param>
/// <param name="Type">How matrices are stored.</param>
internal sealed record GenerateCase(string Name, OlmoConfig Config, DType Type)
{
    /// <summary>
    /// The blocks of OLMo 2 1B, four of them, with a smaller vocabulary; and narrow ones, where what is not a product weighs most: both of a size at which bf16 weights have 500 MB too.
    /// </summary>
    public static IEnumerable<GenerateCase> All
    {
        get
        {
            foreach (DType type in (DType[])[DType.F32, DType.BF16])
            {
                yield return new(string.Create(CultureInfo.InvariantCulture, $"width 2048, 4 blocks, {type}"), Olmo2(2048, 4, 128, 8192), type);
                yield return new(string.Create(CultureInfo.InvariantCulture, $"width 1024, 20 blocks, {type}"), Olmo2(1024, 20, 64, 2816), type);
            }
        }
    }

    private static OlmoConfig Olmo2(int width, int layers, int headWidth, int feedForward) => new()
    {
        Family = ModelFamily.Olmo2,
        Width = width,
        Layers = layers,
        Heads = width / headWidth,
        KeyHeads = width / headWidth,
        HeadWidth = headWidth,
        FeedForward = feedForward,
        Vocabulary = 16384,
        ContextLength = 1024,
    };
}
