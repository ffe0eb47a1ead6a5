using Olmo.Model.Optimization;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>The outcome of a step, derived from announcements and the run's replicated state alone.</summary>
/// <param name="Outcome">What happens.</param>
/// <param name="Norm">L2 norm of the whole gradient before clipping; NaN where the set is not complete.</param>
/// <param name="ClipFactor">Factor of every gradient.</param>
/// <param name="Loss">Scalars of all groups.</param>
/// <param name="Shard">For <see cref="StepOutcome.Void"/> and <see cref="StepOutcome.Incomplete"/> the first shard concerned, else -1.</param>
public readonly record struct StepDecision(StepOutcome Outcome, double Norm, double ClipFactor, LossParts Loss, int Shard)
{
    /// <summary>True where the step counts as done: applied, or left out by a rule.</summary>
    public bool IsDone => Outcome is StepOutcome.Apply or StepOutcome.SkipOutlier or StepOutcome.SkipNonFinite;

    /// <summary>Derives the outcome.</summary>
    /// <param name="announcements">In any order; one per owner of each shard.</param>
    /// <param name="shards">S</param>
    /// <param name="replicas">R: owners of each shard.</param>
    /// <param name="settings">Clipping, outlier rule and policy for values that are not finite.</param>
    /// <param name="guard">What earlier steps left; null: nothing, and no outlier rule. It is read only.</param>
    /// <param name="ignoresDifferences">Without rule 8, as a drill may ask for: what the first replica's owners say counts. The product never does that.</param>
    /// <remarks>
    /// The norm is the root of the shards' sums of squares, added in shard order. Every announcement must be of the attempt of the first; the loss parts
    /// and the digests of the run's state of all shards must be equal too, since each owner was sent the scalars of all groups and the run's state is replicated.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An announcement names a shard or replica that does not exist.</exception>
    public static StepDecision From(
        ReadOnlySpan<Announcement> announcements, int shards, int replicas, DecisionSettings settings, StepGuardState? guard, bool ignoresDifferences = false)
    {
        ArgumentNullException.ThrowIfNull(settings);
        double squares = 0.0;
        bool finite = true;
        for (int shard = 0; shard < shards; shard++)
        {
            int first = -1;
            for (int replica = 0; replica < replicas; replica++)
            {
                int found = Find(announcements, shard, replica, shards, replicas);
                if (found < 0 || announcements[found].Id != announcements[0].Id)
                {
                    return Nothing(StepOutcome.Incomplete, shard);
                }

                first = first < 0 ? found : first;
                if (!ignoresDifferences && announcements[found].Contradicts(announcements[first], announcements[0]))
                {
                    return Nothing(StepOutcome.Void, shard);
                }
            }

            squares += announcements[first].SumOfSquares;
            finite &= announcements[first].IsFinite;
        }

        return Judge(Math.Sqrt(squares), finite, announcements[0].Loss, settings, guard);
    }

    private static StepDecision Judge(double norm, bool finite, LossParts loss, DecisionSettings settings, StepGuardState? guard)
    {
        StepOutcome outcome = StepGuard.Judge(guard, settings, finite, loss.MeanCrossEntropy, norm);
        bool isFinite = outcome is StepOutcome.Apply or StepOutcome.SkipOutlier or StepOutcome.RollBackSpike;
        return new StepDecision(outcome, norm, isFinite ? GradientClipping.Factor(norm, settings.GradientClip) : 0.0, loss, -1);
    }

    private static StepDecision Nothing(StepOutcome outcome, int shard) => new(outcome, double.NaN, 0.0, default, shard);

    // The usual orders (by replica, then shard, or by shard, then replica) are found at once.
    private static int Find(ReadOnlySpan<Announcement> announcements, int shard, int replica, int shards, int replicas)
    {
        int guess = (replica * shards) + shard;
        if (guess < announcements.Length && announcements[guess].Shard == shard && announcements[guess].Replica == replica)
        {
            return guess;
        }

        for (int i = 0; i < announcements.Length; i++)
        {
            Announcement a = announcements[i];
            if ((uint)a.Shard >= (uint)shards || (uint)a.Replica >= (uint)replicas)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(announcements), $"An announcement of shard {a.Shard}, replica {a.Replica} in a world of {shards} shards and {replicas} replicas.");
            }

            if (a.Shard == shard && a.Replica == replica)
            {
                return i;
            }
        }

        return -1;
    }
}
