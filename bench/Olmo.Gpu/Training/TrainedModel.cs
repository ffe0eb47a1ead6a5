using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Training;

/// <summary>A model of random weights, its training state and a batch of random tokens: a rank alone in its world, as <c>olmo train</c> would have it.</summary>
internal sealed class TrainedModel : IDisposable
{
    private readonly ResidentWeights _weights;
    private readonly PretrainProgram _program;
    private readonly TrainingState _state;
    private readonly GroupBatch[] _batch;
    private readonly long _labels;

    /// <summary>Takes all memory and fills it.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="config">The model.</param>
    /// <param name="settings">The step.</param>
    public TrainedModel(ITensorProvider provider, OlmoConfig config, StepSettings settings)
    {
        Parameters = new ParameterList(config, settings.PrecisionOf);
        Settings = settings;
        _weights = new ResidentWeights(provider, Parameters);
        Fill(_weights, config.InitialDeviation);
        _program = new PretrainProgram(provider, _weights, settings);
        _state = TrainingState.OverWorkingParameters(_program.Parameters, new RunProgress());
        Rank = RankStep.Alone(settings, _program, _state);
        _batch = new GroupBatch[settings.Groups];
        RandomStream tokens = new(0, "tokens");
        ulong at = 0;
        for (int g = 0; g < _batch.Length; g++)
        {
            _batch[g] = new GroupBatch(settings.SequencesPerGroup, settings.SequenceLength) { Group = g };
            for (int i = 0; i < _batch[g].Ids.Length; i++)
            {
                _batch[g].Ids[i] = (int)tokens.Below((ulong)config.Vocabulary, at++);
            }

            _batch[g].ShiftLabels();
            _labels += _batch[g].CountLabels();
        }
    }

    /// <summary>The model's parameters.</summary>
    public ParameterList Parameters { get; }

    /// <summary>The step.</summary>
    public StepSettings Settings { get; }

    /// <summary>The rank.</summary>
    public RankStep Rank { get; }

    /// <summary>Bytes that the plans take: weights, activations, gradients, state and sums.</summary>
    public long PlannedBytes => (Parameters.Elements * sizeof(float)) + RoundedBytes + _program.ActivationBytes + _program.GradientBytes + _state.SizeBytes + Rank.Local.SizeBytes;

    private long RoundedBytes => PretrainProgram.MemoryOf(Parameters, Settings, DeviceTraits.Of(_state.Provider)).RoundedWeights;

    /// <summary>What is planned, by part.</summary>
    public string PlannedText => FormattableString.Invariant(
        $"planned {Gibi(PlannedBytes):0.0} GiB: weights {Gibi(Parameters.Elements * sizeof(float)):0.0}, the same in bf16 {Gibi(RoundedBytes):0.0}, activations {Gibi(_program.ActivationBytes):0.0}, gradients {Gibi(_program.GradientBytes):0.0}, moments {Gibi(_state.SizeBytes):0.0}, sums {Gibi(Rank.Local.SizeBytes):0.0}");

    /// <summary>Settings of a command line: see <see cref="SizeOptions"/>.</summary>
    public static StepSettings SettingsOf(CommandLine options, int sequenceLength) => new()
    {
        Groups = options.Number("groups"),
        SequencesPerGroup = options.Number("sequences"),
        SequenceLength = sequenceLength,
        MicroBatchSequences = options.Number("micro-batch"),
        Recomputation = options.IsOn("recompute") ? ActivationRecomputation.Blocks : ActivationRecomputation.None,
        Shards = options.Number("shards"),
        Replicas = 1,
        Precision = options.Text("precision") switch
        {
            "bf16" => Precision.BFloat16,
            "fp32" => Precision.Single,
            _ => throw new FormatException($"--precision takes bf16 or fp32, not '{options.Text("precision")}'"),
        },
        Optimizer = new AdamWSettings(4e-4),
        Schedule = new ConstantSchedule(),
    };

    /// <summary>One step: all groups, announcements, decision, update.</summary>
    /// <param name="afterPart">Called after the groups, after the announcement and after the update was put in line.</param>
    public StepReport Step(Action<StepPart> afterPart)
    {
        long step = _state.Progress.Step + 1;
        Rank.Begin(new StepIdentity("measure", 0, 1, step, 0), _labels);
        foreach (GroupBatch group in _batch)
        {
            Rank.RunGroup(group, CancellationToken.None);
        }

        afterPart(StepPart.Groups);
        StepDecision decision = Rank.Decide(Rank.Announce());
        afterPart(StepPart.Announcement);
        StepReport report = Rank.Finish(decision);
        afterPart(StepPart.Update);
        return report;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Rank.Dispose();
        _state.Dispose();
        _program.Dispose();
        _weights.Dispose();
    }

    private static double Gibi(long bytes) => bytes / (double)(1L << 30);

    private static void Fill(ResidentWeights weights, double deviation)
    {
        using RandomBlock block = new(weights.Provider, deviation);
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            ParameterSpec spec = weights.Parameters.Specs[p];
            if (spec.InitialDeviation == 0.0)
            {
                float[] ones = new float[spec.Shape.Count];
                Array.Fill(ones, 1f);
                weights.Provider.Write<float>(weights[p], ones);
            }
            else
            {
                block.Fill(weights[p]);
            }
        }
    }
}
