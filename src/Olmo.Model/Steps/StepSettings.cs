using System.Collections.Immutable;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <summary>What a recipe says of a step. All of it is numeric (it decides bits) except the micro-batch (on processors), what is computed again and the number of replicas.</summary>
public sealed record StepSettings
{
    /// <summary>G: groups of the global batch, at least the largest world.</summary>
    public required int Groups { get; init; }

    /// <summary>Sequences of a group.</summary>
    public required int SequencesPerGroup { get; init; }

    /// <summary>T: tokens of a sequence.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Sequences of one forward and backward pass; operational where the device's sums do not depend on the rows of a call. A group's last pass may be smaller.</summary>
    public required int MicroBatchSequences { get; init; }

    /// <summary>Activations that backward passes compute again; operational.</summary>
    public ActivationRecomputation Recomputation { get; init; }

    /// <summary>S</summary>
    public int Shards { get; init; } = 64;

    /// <summary>R, at most the world; operational.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary>Clipping, outlier rule, policy for values that are not finite.</summary>
    public DecisionSettings Decision { get; init; } = new();

    /// <summary>Optimizer settings of parameters without an override.</summary>
    public required AdamWSettings Optimizer { get; init; }

    /// <summary>Overrides by parameter name.</summary>
    public ImmutableArray<ParameterGroupOverride> GroupOverrides { get; init; } = [ParameterGroupOverride.NoEmbeddingDecay];

    /// <summary>Learning rate over the run.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>What the schedule counts.</summary>
    public ScheduleUnit ScheduleUnit { get; init; }

    /// <summary>Types of parameters without an override.</summary>
    public Precision Precision { get; init; } = Precision.Single;

    /// <summary>Types by parameter name (patterns as in <see cref="GroupOverrides"/>); the first that matches counts.</summary>
    public ImmutableArray<(string Pattern, Precision Precision)> PrecisionOverrides { get; init; } = [];

    /// <summary>Sequences of the global batch.</summary>
    public long SequencesPerBatch => (long)Groups * SequencesPerGroup;

    /// <summary>Sequences of a forward and backward pass: those of the micro-batch, at most those of a group.</summary>
    public int SequencesPerPass => Math.Min(MicroBatchSequences, SequencesPerGroup);

    /// <summary>Tokens of the global batch.</summary>
    public long TokensPerBatch => SequencesPerBatch * SequenceLength;

    /// <summary>Types of a parameter.</summary>
    public Precision PrecisionOf(string parameter)
    {
        foreach ((string pattern, Precision precision) in PrecisionOverrides)
        {
            if (NamePattern.Matches(pattern, parameter))
            {
                return precision;
            }
        }

        return Precision;
    }

    /// <summary>Checks every number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the message names it.</exception>
    /// <exception cref="ArgumentException">A type cannot be used as it is meant. Whether the device offers it is seen where tensors are made.</exception>
    public void Validate()
    {
        Require(Groups, 1, SumFrame.MaxGroups, nameof(Groups));
        Require(SequencesPerGroup, 1, 1 << 20, nameof(SequencesPerGroup));
        Require(SequenceLength, 1, 1 << 24, nameof(SequenceLength));
        Require(MicroBatchSequences, 1, 1 << 20, nameof(MicroBatchSequences));
        Require(Shards, 1, State.ParameterLayout.MaxShards, nameof(Shards));
        Require(Replicas, 1, SumFrame.MaxGroups, nameof(Replicas));
        Precision.Validate();
        foreach ((_, Precision precision) in PrecisionOverrides)
        {
            precision.Validate();
        }

        if (Decision.GradientClip is { } clip && !(clip > 0.0))
        {
            throw new ArgumentOutOfRangeException(nameof(DecisionSettings.GradientClip), clip, "Must be above 0; null switches clipping off.");
        }
    }

    private static void Require(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Must be in {least} .. {most}.");
        }
    }
}
