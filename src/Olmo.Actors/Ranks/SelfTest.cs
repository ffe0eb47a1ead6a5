using Olmo.Actors.Drills;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>
/// What a rank's process must pass before it says that it is ready: a few steps of a small fixed model, whose weights must be those that every machine and every instruction set
/// comes to under the numerics id. A processor, library or memory that computes otherwise never takes part in a world.
/// </summary>
public static class SelfTest
{
    private const int Groups = 3;
    private const int Steps = 2;
    private const int Length = 29;
    private const int Vocabulary = 211;

    /// <summary>SHA-256 of the weights by numerics id. Whoever changes the id adds a line; an id that is not here is tested by computing twice.</summary>
    private static readonly (string Numerics, string Weights)[] Known = [("cpu-fp32-1", "19cb67afd41b7736bf0b9e4bc14da7df3f292b25d0677de63b80b5aa513ab9f7")];

    /// <summary>Runs it.</summary>
    /// <param name="open">Makes the device.</param>
    /// <param name="store">Not used: the state is initial.</param>
    /// <param name="time">Clock.</param>
    /// <param name="drill">May make it fail.</param>
    /// <returns>Null if it passed; else what was found.</returns>
    public static string? Run(Func<IComputeDevice> open, IObjectStore store, TimeProvider time, IDrill drill)
    {
        ArgumentNullException.ThrowIfNull(drill);
        if (!drill.Guards.SelfTest)
        {
            return null;
        }

        (string id, string found) = Weights(open, store, time);
        if (drill.Strikes(DrillAct.FailSelfTest, 0) is not null)
        {
            found = "0" + found[1..];
        }

        string expected = ExpectedOf(id) ?? Weights(open, store, time).Sha256;
        return found == expected ? null : $"the weights of the self-test have SHA-256 {found}, expected is {expected} for numerics id {id}";
    }

    /// <summary>What a sound machine comes to; null where the numerics id is not known.</summary>
    internal static string? ExpectedOf(string numericsId) => Array.Find(Known, k => k.Numerics == numericsId).Weights;

    private static (string NumericsId, string Sha256) Weights(Func<IComputeDevice> open, IObjectStore store, TimeProvider time)
    {
        using WorldEngine engine = new(1, Settings(open), time, NoProbe.Instance);
        engine.Form(new WorldIdentity(1, 0), null, store, CancellationToken.None);
        for (long step = 1; step <= Steps; step++)
        {
            engine.RunStep(Batch(step), CancellationToken.None);
        }

        return (engine.NumericsId, engine.Finish(CancellationToken.None).WeightsSha256);
    }

    // Sizes are multiples of no vector width, so that tails are computed too.
    private static OlmoRankSettings Settings(Func<IComputeDevice> open) => new(
        "self-test",
        new OlmoConfig
        {
            Family = ModelFamily.Olmo2,
            Width = 72,
            Layers = 2,
            Heads = 3,
            KeyHeads = 3,
            HeadWidth = 24,
            FeedForward = 200,
            Vocabulary = Vocabulary,
            ContextLength = Length,
            InitialDeviation = 0.1,
            ZLossMultiplier = 1e-4,
        },
        new StepSettings
        {
            Groups = Groups,
            SequencesPerGroup = 1,
            SequenceLength = Length,
            MicroBatchSequences = 1,
            Shards = 4,
            Replicas = 1,
            Optimizer = new AdamWSettings(3e-3),
            Schedule = new CosineSchedule(2, 20),
            Decision = new DecisionSettings(1.0, new SkipStepSettings(8)),
        },
        7,
        1,
        SimdWidth.Scalar,
        "self-test",
        _ => "",
        null,
        0,
        _ => "",
        PeakFlops: 1)
    {
        Device = open,
    };

    private static StepBatch Batch(long step)
    {
        StepBatch batch = new(Groups, 1, Length, hasDocuments: false) { Step = step, Batch = step };
        foreach (GroupBatch group in batch.Groups)
        {
            for (int i = 0; i < group.Ids.Length; i++)
            {
                group.Ids[i] = (int)(Philox.Block((uint)i, (uint)group.Group, (uint)step, 0, 31, 32).W0 % Vocabulary);
            }

            group.ShiftLabels();
            batch.LabelCount += group.CountLabels();
        }

        return batch;
    }
}
