using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Host.Models;
using Olmo.Host.Recipes;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Host.Runs;

/// <summary>A recipe and its data turned into what the layers below take. Derived values are formed here and nowhere else.</summary>
internal sealed record TrainingPlan(OlmoConfig Config, StepSettings Step, BatchPlan Batches, long TotalSteps, int Threads, SimdWidth Width)
{
    private const int VocabularyMultiple = 128;

    /// <summary>Weights to start from; null: they are drawn.</summary>
    public StartingWeights? Start { get; private init; }

    /// <summary>Parameters of the model, with the types that passes see them in.</summary>
    public ParameterList Parameters => new(Config, Step.PrecisionOf);

    /// <summary>Plans a run.</summary>
    /// <exception cref="UsageException">Model and data do not fit.</exception>
    public static TrainingPlan Of(Recipe recipe, PreparedData data, InstanceDataSet train)
    {
        int sequences = checked(recipe.Batch.Groups * recipe.Batch.SequencesPerGroup);
        BatchPlan batches = new(
            train.Count, sequences, recipe.Batch.Groups, (ulong)recipe.Run.Seed,
            recipe.Data.Order == "olmo-core" ? EpochOrderKind.Pcg64 : EpochOrderKind.Permutation);
        long steps = recipe.Run.Steps > 0 ? recipe.Run.Steps : batches.StepsPerEpoch * recipe.Run.Epochs;
        SimdWidth width = recipe.Compute.Simd switch
        {
            "avx512" => SimdWidth.Avx512,
            "avx2" => SimdWidth.Avx2,
            "scalar" => SimdWidth.Scalar,
            _ => SimdWidths.Best,
        };
        if (!SimdWidths.IsSupported(width))
        {
            throw new UsageException($"compute.simd = {recipe.Compute.Simd}: this machine has {SimdWidths.Best}");
        }

        int threads = recipe.Compute.Threads > 0 ? recipe.Compute.Threads : Environment.ProcessorCount;
        OlmoConfig config = ConfigOf(recipe, data.VocabularySize, data.EosId, data.BosId);
        return new TrainingPlan(config, StepOf(recipe, steps), batches, steps, threads, width) { Start = StartOf(recipe.Model.InitFrom, config) };
    }

    /// <summary>Sizes of the model.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="entries">Entries of its tokenizer.</param>
    /// <param name="eosId">End of a document.</param>
    /// <param name="bosId">Start of a document, if the tokenizer has one.</param>
    /// <exception cref="UsageException">The vocabulary is too small.</exception>
    public static OlmoConfig ConfigOf(Recipe recipe, int entries, int eosId, int? bosId)
    {
        ModelKeys m = recipe.Model;
        int vocabulary = m.Vocabulary > 0 ? m.Vocabulary : (entries + VocabularyMultiple - 1) / VocabularyMultiple * VocabularyMultiple;
        if (vocabulary < entries)
        {
            throw new UsageException($"model.vocabulary = {vocabulary}: the tokenizer has {entries} entries");
        }

        bool isFirst = m.Family == "olmo";
        return new OlmoConfig
        {
            Family = isFirst ? ModelFamily.Olmo1 : ModelFamily.Olmo2,
            Width = m.Width,
            Layers = m.Layers,
            Heads = m.Heads,
            KeyHeads = m.KvHeads == 0 ? m.Heads : m.KvHeads,
            HeadWidth = m.Width / m.Heads,
            FeedForward = m.Ffn,
            Vocabulary = vocabulary,
            ContextLength = recipe.Batch.SequenceLength,
            RopeTheta = m.RopeTheta,
            NormEpsilon = m.NormEpsilon,
            ClipQkv = m.ClipQkv > 0 ? m.ClipQkv : null,
            TiedEmbeddings = m.IsTied,
            ZLossMultiplier = recipe.Loss.ZLoss,
            Initialisation = isFirst ? InitialisationMethod.Mitchell : InitialisationMethod.Normal,
            InitialDeviation = m.InitStd,
            EosTokenId = eosId,
            BosTokenId = bosId,
        }.Validated();
    }

    private static StartingWeights? StartOf(string folder, OlmoConfig config)
    {
        if (folder.Length == 0)
        {
            return null;
        }

        string digest = ModelRecipe.DigestOf(folder)
            ?? throw new UsageException($"model.init-from = '{folder}': it has no {ModelRecipe.DigestFile}; a folder that 'olmo import' wrote is needed");
        ModelRecipe.RequireEqual(config, folder);
        return new StartingWeights(folder, digest);
    }

    private static DecisionSettings DecisionOf(Recipe recipe)
    {
        LossKeys loss = recipe.Loss;
        return new DecisionSettings(
            recipe.Optimizer.Clip > 0 ? recipe.Optimizer.Clip : null,
            loss.SpikeSigmas > 0 ? new SkipStepSettings(loss.SpikeWindow, loss.SpikeSigmas) : null,
            loss.StopsOnNonFinite ? NonFinitePolicy.Stop : NonFinitePolicy.Skip,
            loss.MaxSkips,
            loss.SpikeRollbackSteps > 0 ? loss.MaxSpikes : 0);
    }

    /// <summary>Types of the model's numbers.</summary>
    public static Precision PrecisionOf(Recipe recipe) => recipe.Compute.IsBFloat16 ? Precision.BFloat16 : Precision.Single;

    /// <summary>Sequences of a forward and backward pass.</summary>
    public static int MicroBatchOf(Recipe recipe) => recipe.Compute.MicroBatch > 0 ? recipe.Compute.MicroBatch : recipe.Batch.SequencesPerGroup;

    /// <summary>The step of a training of so many steps.</summary>
    public static StepSettings StepOf(Recipe recipe, long steps)
    {
        ScheduleKeys s = recipe.Schedule;
        double end = s.EndStep > 0 ? s.EndStep : steps;
        LearningRateSchedule schedule = s.Kind switch
        {
            "linear" => new LinearSchedule(s.WarmupSteps, end, s.FinalRatio),
            "wsd" => new WarmupStableDecaySchedule(s.WarmupSteps, end, s.DecaySteps, s.FinalRatio * recipe.Optimizer.LearningRate),
            "constant" => new ConstantSchedule(s.WarmupSteps),
            _ => new CosineSchedule(s.WarmupSteps, end, s.FinalRatio),
        };
        OptimizerKeys o = recipe.Optimizer;
        return new StepSettings
        {
            Groups = recipe.Batch.Groups,
            SequencesPerGroup = recipe.Batch.SequencesPerGroup,
            SequenceLength = recipe.Batch.SequenceLength,
            MicroBatchSequences = MicroBatchOf(recipe),
            Recomputation = recipe.Compute.RecomputesBlocks ? ActivationRecomputation.Blocks : ActivationRecomputation.None,
            Shards = recipe.Shards,
            Replicas = 1,
            Decision = DecisionOf(recipe),
            Optimizer = new AdamWSettings(o.LearningRate, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay),
            GroupOverrides = o.NoDecay.Count == 0 ? [] : [new ParameterGroupOverride([.. o.NoDecay], WeightDecay: 0.0)],
            Schedule = schedule,
            Precision = PrecisionOf(recipe),
        };
    }
}
