using System.Globalization;

namespace Olmo.Recovery;

/// <summary>The model and the batch of a bench: what decides how long a step takes and how much state moves.</summary>
internal sealed record BenchModel(string Name, int Width, int Layers, int Heads, int FeedForward, int Vocabulary, int SequenceLength, int SequencesPerGroup)
{
    /// <summary>Groups of the global batch.</summary>
    public int Groups { get; init; } = 12;

    /// <summary>Parameters: both embeddings, attention, feed-forward, norms.</summary>
    public long Parameters => (2L * Vocabulary * Width) + (Layers * ((4L * Width * Width) + (3L * Width * FeedForward) + (4L * Width))) + Width;

    /// <summary>42.6 million parameters with short sequences: the state is large, the step is not.</summary>
    public static BenchModel Large(int sequenceLength, int sequencesPerGroup) => new("large", 512, 8, 8, 1408, 16384, sequenceLength, sequencesPerGroup);

    /// <summary>To try a bench out.</summary>
    public static BenchModel Small(int sequenceLength, int sequencesPerGroup) => new("small", 128, 2, 4, 384, 2048, sequenceLength, sequencesPerGroup);

    /// <summary>Arguments of <c>olmo run</c>.</summary>
    public IEnumerable<string> Arguments() =>
        ((string[])
        [
            $"model.width={Width}", $"model.layers={Layers}", $"model.heads={Heads}", $"model.ffn={FeedForward}", $"model.vocabulary={Vocabulary}",
            $"batch.sequence-length={SequenceLength}", $"batch.groups={Groups}", $"batch.sequences-per-group={SequencesPerGroup}", "tokenizer.vocabulary=1024",
            "tokenizer.max-bytes=2000000", "data.filter-repetitions=false", "schedule.kind=constant", "schedule.warmup-steps=5", "optimizer.learning-rate=3e-4",
            "evaluation.max-tokens=512", "sample.prompt=", "metrics.log-interval=1", "supervision.max-faults=255", "supervision.fault-window=10 s", "supervision.max-faults-without-progress=255",
        ]).SelectMany(s => (string[])["--set", s]);

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Parameters / 1e6:0.0} M parameters ({Layers} layers of width {Width}, feed-forward {FeedForward}, vocabulary {Vocabulary}), G = {Groups}, {SequencesPerGroup} x {SequenceLength} tokens a group");
}
