using System.Net;
using Olmo.Actors.Collectives;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.Models;

namespace Olmo.Host.Nodes;

/// <summary>
/// What a rank does before it is ready, so that its first recovery compiles nothing: a small model of the recipe's kind is trained by one rank, a second joins it over loopback, takes
/// state from it, and both step together. Every path of a recovery and of a step is passed once; neither the model's sizes nor the batch's are the recipe's: they would only make the start long.
/// </summary>
internal static class Rehearsal
{
    private const int Donor = 1;
    private const int Joiner = 2;
    private const int Groups = 2;
    private const int SecretBytes = 32;
    private const int MostLayers = 2; // what the last layer does not do, the one before it does: blocks are computed again and widened
    private const int MostHeads = 4;
    private const int Vocabulary = 512;
    private const int Tokens = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs it.</summary>
    /// <param name="settings">The recipe's; <see cref="OlmoRankSettings.PeakFlops"/> is measured where it is not known.</param>
    /// <param name="hasDocuments">Whether attention stays inside documents.</param>
    /// <param name="mesh">Limits and timeouts.</param>
    /// <param name="store">Is not read: no state comes from a checkpoint.</param>
    /// <param name="laps">Is told of the parts.</param>
    /// <param name="time">Clock.</param>
    /// <returns>The machine's best matrix product, operations per second.</returns>
    public static double Run(OlmoRankSettings settings, bool hasDocuments, MeshSettings mesh, IObjectStore store, StartLaps laps, TimeProvider time)
    {
        OlmoRankSettings small = settings with
        {
            Run = "rehearsal",
            Config = SmallOf(settings.Config),
            RanksAhead = 2,
            Step = settings.Step with
            {
                Groups = Groups,
                Replicas = 2,
                SequencesPerGroup = 1,
                MicroBatchSequences = 1,
                SequenceLength = Math.Min(settings.Step.SequenceLength, Tokens),
                GroupOverrides = [],
                PrecisionOverrides = [], // they may name parameters that a small model lacks
            },
            InitialWeights = null, // they are of the recipe's size
        };
        TcpSockets sockets = new();
        using MeshListener donorListener = MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), sockets, mesh.Timeouts, time);
        using MeshListener joinerListener = MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), sockets, mesh.Timeouts, time);
        TcpDataPlane[] planes = [new(small.Run, donorListener, mesh, sockets, time), new(small.Run, joinerListener, mesh, sockets, time)];
        using WorldEngine donor = new(Donor, small, time, NoProbe.Instance);
        using WorldEngine joiner = new(Joiner, small, time, NoProbe.Instance);
        donor.WarmUp(CancellationToken.None);
        laps.Done("peak");
        WorldRecipe recipe = donor.Recipe(2, 1);
        GenerationPlan alone = Formed(WorldFormation.FromState(1, 0, recipe, [], [Donor], null));
        using CancellationTokenSource end = new(Patience, time);
        donor.Join(alone, store, null, end.Token);
        donor.RunStep(Batch(small, hasDocuments, 1), end.Token);
        laps.Done("step");
        WorldReport held = donor.Prepare(2) ?? throw new InvalidOperationException("the rehearsal's rank did not report");
        GenerationPlan together = Formed(WorldFormation.Plan(2, 0, recipe, alone.Membership(), [held, WorldReport.Spare(Joiner, 2)]));
        string[] endPoints = [.. planes.Select(p => p.EndPoint)];
        byte[] secret = new byte[SecretBytes];
        Both(position =>
        {
            WorldEngine engine = position == 0 ? donor : joiner;
            bool joined = engine.Join(
                GenerationPlan.Parse(together.ToBytes()), store, (plan, self, handler, abort) => planes[position].Connect(plan, self, endPoints, secret, handler, abort), end.Token);
            if (!joined)
            {
                throw new InvalidOperationException("the rehearsal's world was not formed");
            }

            engine.RunStep(Batch(small, hasDocuments, 2), end.Token);
        });
        laps.Done("recovery");
        return donor.PeakFlops;
    }

    /// <summary>Two layers of the same kind, with heads as wide and shared as the model's, whatever its size.</summary>
    public static OlmoConfig SmallOf(OlmoConfig config)
    {
        int shared = config.Heads / config.KeyHeads;
        int keyHeads = Math.Clamp(MostHeads / shared, 1, config.KeyHeads);
        int width = keyHeads * shared * config.HeadWidth;
        int layers = Math.Min(config.Layers, MostLayers);
        return config with
        {
            Layers = layers,
            Heads = keyHeads * shared,
            KeyHeads = keyHeads,
            Width = width,
            FeedForward = Math.Min(config.FeedForward, 2 * width),
            Vocabulary = Math.Min(config.Vocabulary, Vocabulary),
            ContextLength = Math.Min(config.ContextLength, Tokens),
            Windows = config.Windows.IsDefaultOrEmpty ? [] : config.Windows[..layers],
            EosTokenId = null,
            PadTokenId = null,
            BosTokenId = null,
        };
    }

    private static GenerationPlan Formed(FormationResult result) =>
        result is FormationResult.Formed formed ? formed.Plan : throw new InvalidOperationException($"the rehearsal's world: {result}");

    private static StepBatch Batch(OlmoRankSettings settings, bool hasDocuments, long step)
    {
        StepBatch batch = new(Groups, settings.Step.SequencesPerGroup, settings.Step.SequenceLength, hasDocuments) { Step = step };
        batch.LabelCount = batch.Groups.Sum(g => g.Tokens);
        return batch;
    }

    private static void Both(Action<int> action)
    {
        Exception? failure = null;
        Thread other = new(() =>
        {
            try
            {
                action(1);
            }
            catch (Exception e) // crosses to the thread that waits
            {
                failure = e;
            }
        })
        { IsBackground = true, Name = "warm-up 2" };
        other.Start();
        try
        {
            action(0);
        }
        finally
        {
            other.Join(); // it uses the engines that the caller disposes; its end is bounded
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"the rehearsal failed: {failure.Message}", failure);
        }
    }
}
