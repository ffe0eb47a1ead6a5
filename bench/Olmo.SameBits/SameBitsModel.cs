using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.SameBits;

/// <summary>A model, its settings and its data: all pure functions of the name, so that every process has the same.</summary>
internal sealed record SameBitsModel(string Name, OlmoConfig Config, StepSettings Settings, int Steps, bool Masks, bool Documents, bool Weights)
{
    private const int Width = 72;
    private const int Vocabulary = 1003;
    private const int Length = 37;

    private static readonly SameBitsModel[] Singles =
    [
        Tiny("olmo1-tied", Sizes(ModelFamily.Olmo1) with { TiedEmbeddings = true, ClipQkv = 0.4 }, masks: true, documents: false, weights: false),
        Tiny("olmo2-gqa-documents", Sizes(ModelFamily.Olmo2) with { KeyHeads = 1, ZLossMultiplier = 1e-4 }, masks: true, documents: true, weights: false),
        Tiny("olmo2-tied-weighted", Sizes(ModelFamily.Olmo2) with { TiedEmbeddings = true, ZLossMultiplier = 1e-4 }, masks: false, documents: false, weights: true),
        Quickstart(),
    ];

    /// <summary>The models: sizes are multiples of nothing. With -bf16 the same, but passes see weights and keep activations in bf16.</summary>
    public static IReadOnlyList<SameBitsModel> All { get; } =
    [
        .. Singles, .. Singles.Select(m => m with { Name = m.Name + "-bf16", Settings = m.Settings with { Precision = Precision.BFloat16 } }),
    ];

    /// <summary>The groups of a step.</summary>
    public GroupBatch[] Batch(int step)
    {
        GroupBatch[] batch = new GroupBatch[Settings.Groups];
        for (int g = 0; g < batch.Length; g++)
        {
            batch[g] = new GroupBatch(Settings.SequencesPerGroup, Settings.SequenceLength, Weights, Documents) { Group = g };
            Fill(batch[g], step);
        }

        return batch;
    }

    private static OlmoConfig Sizes(ModelFamily family) => new()
    {
        Family = family,
        Width = Width,
        Layers = 2,
        Heads = 3,
        KeyHeads = 3,
        HeadWidth = 24,
        FeedForward = 200,
        Vocabulary = Vocabulary,
        ContextLength = Length,
        InitialDeviation = 0.1,
    };

    private static SameBitsModel Tiny(string name, OlmoConfig config, bool masks, bool documents, bool weights) => new(
        name,
        config,
        new StepSettings
        {
            Groups = 4,
            SequencesPerGroup = 5,
            SequenceLength = Length,
            MicroBatchSequences = 1,
            Shards = 7,
            Optimizer = new AdamWSettings(3e-3),
            Schedule = new CosineSchedule(2, 10),
            Decision = new DecisionSettings(1.0, new SkipStepSettings(8)),
        },
        5,
        masks,
        documents,
        weights);

    // The sizes of hocon/quickstart.conf.
    private static SameBitsModel Quickstart() => new(
        "quickstart",
        new OlmoConfig
        {
            Family = ModelFamily.Olmo2,
            Width = 256,
            Layers = 4,
            Heads = 4,
            KeyHeads = 4,
            HeadWidth = 64,
            FeedForward = 768,
            Vocabulary = 4096,
            ContextLength = 256,
            ZLossMultiplier = 1e-5,
        },
        new StepSettings
        {
            Groups = 12,
            SequencesPerGroup = 1,
            SequenceLength = 256,
            MicroBatchSequences = 1,
            Optimizer = new AdamWSettings(1e-3),
            Schedule = new CosineSchedule(20, 400),
        },
        2,
        false,
        false,
        false);

    private void Fill(GroupBatch batch, int step)
    {
        for (int i = 0; i < batch.Ids.Length; i++)
        {
            (uint id, _, _, uint weight) = Philox.Block((uint)i, (uint)batch.Group, (uint)step, 0, 21, 22);
            batch.Ids[i] = (int)(id % (uint)Config.Vocabulary);
            if (batch.Weights is { } weights)
            {
                weights[i] = 0.25f + ((weight % 8) * 0.125f);
            }
        }

        batch.ShiftLabels();
        for (int i = 0; i < batch.Ids.Length; i++)
        {
            (_, uint cut, uint mask, _) = Philox.Block((uint)i, (uint)batch.Group, (uint)step, 0, 21, 22);
            int position = i % batch.SequenceLength;
            if (batch.DocumentStarts is { } starts)
            {
                starts[i] = position == 0 || cut % 9 == 0 ? position : starts[i - 1];
            }

            // Every fifth label is left out, and the whole second sequence of group 1.
            if (Masks && (mask % 5 == 0 || (batch.Group == 1 && i / batch.SequenceLength == 1)))
            {
                batch.Labels[i] = GroupBatch.IgnoredLabel;
            }
        }
    }
}
