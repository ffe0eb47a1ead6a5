using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;

namespace Olmo.Host.Nodes;

/// <summary>What a rank is made of, the same in the command's own process and in a process of its own.</summary>
internal sealed record RankParts(RankSettings Settings, OlmoRankSettings Engine, IBatchSource Batches)
{
    /// <summary>How long an unanswered report waits before it is sent again.</summary>
    public static readonly TimeSpan Resend = TimeSpan.FromSeconds(2);

    /// <summary>The parts for a recipe and its data, which must outlive them.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="rank">Number of the rank's process.</param>
    /// <param name="place">Its place on this machine, which decides its GPU where it has one.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="plan">What is trained.</param>
    /// <param name="data">Prepared data.</param>
    /// <param name="train">Training instances.</param>
    /// <param name="heldOut">Held-out instances, if there are any.</param>
    /// <param name="drill">Faults and guards.</param>
    public static RankParts Of(
        Recipe recipe, int rank, int place, RunFolder folder, TrainingPlan plan, PreparedData data, InstanceDataSet train, InstanceDataSet? heldOut, IDrill drill)
    {
        TokenBatchSource batches = new(train, plan.Batches, recipe.Data.MasksDocuments);
        OlmoRankSettings engine = new(
            recipe.Run.Name, plan.Config, plan.Step, (ulong)recipe.Run.Seed, plan.Threads, plan.Width, train.Fingerprint, batches.CursorAfter, heldOut,
            recipe.EvaluationMaxTokens, weights => ModelExport.Write(folder.Model, weights, data.TokenizerFolder!), AuditInterval: recipe.Supervision.Policy.AuditInterval,
            RanksAhead: recipe.World.Ranks > 1 ? recipe.World.Ranks : 0)
        {
            Device = RunDevice.Of(recipe, place),
            InitialWeights = plan.Start is { } start ? start.Fill : null,
        };
        RankSettings settings = new(
            rank, recipe.Checkpoints, recipe.Data.Prefetch, recipe.Supervision.MaxLoaderRestarts, recipe.Supervision.Policy.FaultWindow, Resend)
        {
            Guards = drill.Guards,
        };
        return new RankParts(settings, engine, DrillBatchSource.Over(batches, drill));
    }
}
