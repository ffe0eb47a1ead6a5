using System.Collections.Immutable;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Sizes and constants of a model. Records are equal if all members are, windows element by element.</summary>
public sealed record OlmoConfig
{
    /// <summary>Architecture.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>d</summary>
    public required int Width { get; init; }

    /// <summary>L</summary>
    public required int Layers { get; init; }

    /// <summary>H</summary>
    public required int Heads { get; init; }

    /// <summary>K, a divisor of H.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>e, even.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>f</summary>
    public required int FeedForward { get; init; }

    /// <summary>Rows of the embedding, padding included.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Tokens of the longest sequence.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Base of RoPE's frequencies.</summary>
    public double RopeTheta { get; init; } = 500_000.0;

    /// <summary>Added to the variance or mean of squares in every norm.</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Limit of q, k and v, or null (OLMo 1 only).</summary>
    public double? ClipQkv { get; init; }

    /// <summary>True if the embedding is also the final matrix.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>lambda of the z-loss.</summary>
    public double ZLossMultiplier { get; init; }

    /// <summary>How new weights are drawn.</summary>
    public InitialisationMethod Initialisation { get; init; }

    /// <summary>Deviation of <see cref="InitialisationMethod.Normal"/>.</summary>
    public double InitialDeviation { get; init; } = 0.02;

    /// <summary>Keys that a query of each layer sees, 0 for all; empty: all layers see all (OLMo 3).</summary>
    public ImmutableArray<int> Windows { get; init; } = [];

    /// <summary>YaRN on the layers without a window, or null.</summary>
    public YarnScaling? Yarn { get; init; }

    /// <summary>Token that ends a document.</summary>
    public int? EosTokenId { get; init; }

    /// <summary>Token that fills rows.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Token that starts a document; no OLMo is trained with one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>H * e</summary>
    public int QueryWidth => Heads * HeadWidth;

    /// <summary>K * e</summary>
    public int KeyWidth => KeyHeads * HeadWidth;

    /// <summary>True for OLMo 2 and 3: norms of q and k, and norms on the sublayers' outputs.</summary>
    public bool IsReordered => Family != ModelFamily.Olmo1;

    /// <summary>Window of a layer; 0: none.</summary>
    public int WindowOf(int layer) => Windows.IsDefaultOrEmpty ? 0 : Windows[layer];

    /// <summary>Checks every member.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ModelConfigException">A member is out of range or does not fit another.</exception>
    public OlmoConfig Validated()
    {
        Require(Enum.IsDefined(Family), nameof(Family), Family, "Olmo1, Olmo2 or Olmo3");
        Positive(Width, nameof(Width));
        Positive(Layers, nameof(Layers));
        Positive(Heads, nameof(Heads));
        Require(KeyHeads > 0 && Heads % KeyHeads == 0, nameof(KeyHeads), KeyHeads, $"a divisor of the {Heads} heads");
        Require(HeadWidth > 0 && HeadWidth % 2 == 0, nameof(HeadWidth), HeadWidth, "even and above 0");
        Require((long)Heads * HeadWidth <= int.MaxValue, nameof(Heads), Heads, "such that heads times head width fit 31 bits");
        Positive(FeedForward, nameof(FeedForward));
        Positive(Vocabulary, nameof(Vocabulary));
        Positive(ContextLength, nameof(ContextLength));
        Require(RopeTheta > 1.0 && double.IsFinite(RopeTheta), nameof(RopeTheta), RopeTheta, "above 1");
        Require(NormEpsilon > 0.0 && NormEpsilon < 1.0, nameof(NormEpsilon), NormEpsilon, "in (0, 1)");
        Require(ClipQkv is null or > 0.0, nameof(ClipQkv), ClipQkv, "above 0, or none");
        Require(ClipQkv is null || Family == ModelFamily.Olmo1, nameof(ClipQkv), ClipQkv, "none, as QK-norm takes its place after OLMo 1");
        Require(ZLossMultiplier >= 0.0 && double.IsFinite(ZLossMultiplier), nameof(ZLossMultiplier), ZLossMultiplier, "at least 0");
        Require(InitialDeviation > 0.0 && double.IsFinite(InitialDeviation), nameof(InitialDeviation), InitialDeviation, "above 0");
        Require(Enum.IsDefined(Initialisation), nameof(Initialisation), Initialisation, "a known method");
        Require(Windows.IsDefaultOrEmpty || Windows.Length == Layers, nameof(Windows), Windows.IsDefault ? 0 : Windows.Length, $"one for each of {Layers} layers");
        Require(Windows.IsDefaultOrEmpty || Windows.All(w => w >= 0), nameof(Windows), "a negative window", "at least 0");
        RequireToken(EosTokenId, nameof(EosTokenId));
        RequireToken(PadTokenId, nameof(PadTokenId));
        RequireToken(BosTokenId, nameof(BosTokenId));
        return this;
    }

    /// <inheritdoc/>
    public bool Equals(OlmoConfig? other) =>
        other is not null
        && (Family, Width, Layers, Heads, KeyHeads, HeadWidth, FeedForward) == (other.Family, other.Width, other.Layers, other.Heads, other.KeyHeads, other.HeadWidth, other.FeedForward)
        && (Vocabulary, ContextLength, RopeTheta, NormEpsilon, ClipQkv, TiedEmbeddings) == (other.Vocabulary, other.ContextLength, other.RopeTheta, other.NormEpsilon, other.ClipQkv, other.TiedEmbeddings)
        && (ZLossMultiplier, Initialisation, InitialDeviation, Yarn) == (other.ZLossMultiplier, other.Initialisation, other.InitialDeviation, other.Yarn)
        && (EosTokenId, PadTokenId, BosTokenId) == (other.EosTokenId, other.PadTokenId, other.BosTokenId)
        && (Windows.IsDefault ? [] : Windows.AsSpan()).SequenceEqual(other.Windows.IsDefault ? [] : other.Windows.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => (Width * 31) + (Layers * 17) + Vocabulary;

    private void RequireToken(int? id, string name) =>
        Require(id is null || (id >= 0 && id < Vocabulary), name, id, $"in 0 .. {Vocabulary - 1}, the vocabulary");

    private static void Positive(int value, string name) => Require(value > 0, name, value, "above 0");

    private static void Require(bool condition, string name, object? value, string expected)
    {
        if (!condition)
        {
            throw new ModelConfigException($"Model setting {name} is {value ?? "none"}; it must be {expected}.");
        }
    }
}
