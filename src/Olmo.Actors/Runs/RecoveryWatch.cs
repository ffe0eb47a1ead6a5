using System.Collections.Immutable;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <summary>Times the change of a world on the clock of its supervisor, and says what kind of change it was. Decides nothing.</summary>
/// <param name="time">Clock.</param>
internal sealed class RecoveryWatch(TimeProvider time)
{
    private bool _isChanging;
    private long _lap;
    private DateTimeOffset _detectedAt;
    private TimeSpan _detect;
    private TimeSpan _number;
    private TimeSpan _reports;
    private TimeSpan _planned;
    private TimeSpan _abandoned;
    private int _attempts;
    private bool _isForming;
    private GenerationPlan? _plan;
    private ImmutableArray<int> _former = [];
    private ImmutableArray<WorldReport> _gathered = [];
    private RecoveryKind _kind;
    private bool _donorDied;

    /// <summary>A world is over, or the first one begins. Of several words about one loss the first counts.</summary>
    /// <param name="noticedAt">When a rank noticed, if it said so.</param>
    public void Begin(DateTimeOffset? noticedAt)
    {
        if (_isForming)
        {
            _abandoned += Lap();
            _isForming = false;
        }
        else if (!_isChanging)
        {
            _detectedAt = time.GetUtcNow();
            _detect = noticedAt is { } noticed && noticed < _detectedAt ? _detectedAt - noticed : TimeSpan.Zero;
            (_number, _reports, _planned, _abandoned, _attempts, _donorDied) = (default, default, default, default, 0, false);
            _isChanging = true;
            _lap = time.GetTimestamp();
        }
    }

    /// <summary>The number is journalled, and ranks are asked.</summary>
    public void Numbered() => _number += Lap();

    /// <summary>All have answered.</summary>
    public void Gathered(ImmutableArray<WorldReport> reports)
    {
        _reports += Lap();
        _gathered = reports;
    }

    /// <summary>The members are journalled, and the plan is sent.</summary>
    public void Planned(GenerationPlan plan)
    {
        _planned += Lap();
        bool wasGiving = _attempts > 0 && _plan is { } last && last.Moves.Any(m => m.Donors.Length > 0 && !_gathered.Any(r => r.RankId == m.Donors[0]));
        _donorDied |= wasGiving;
        if (_attempts == 0)
        {
            _former = _plan?.Members ?? [];
        }

        _attempts++;
        _kind = KindOf(plan, _former, _gathered, _donorDied);
        _plan = plan;
        _isForming = true;
    }

    /// <summary>All members are ready.</summary>
    /// <returns>Null where this supervisor did not see the change begin.</returns>
    public WorldRecovered? Ready(JoinReport? join, string reason)
    {
        if (!_isForming || _plan is not { } plan)
        {
            return null;
        }

        TimeSpan form = Lap();
        _isForming = false;
        _isChanging = false;
        JoinReport joined = join ?? JoinReport.None;
        GroupMask again = RecomputedIn(plan);
        GroupMask ofLiving = default;
        long newest = -1;
        foreach (WorldReport report in _gathered)
        {
            newest = Math.Max(newest, Math.Max(report.ParameterStep, report.Shards.IsEmpty ? -1 : report.Shards.Max(s => s.Step)));
            if (report.ParameterStep == plan.StateStep && plan.Source is StateSource.Survivors)
            {
                ofLiving |= report.Computed;
            }
        }

        WorldRecovered recovered = new(
            plan.Generation, joined.RolledForward && _kind is RecoveryKind.CompleteBase or RecoveryKind.PartialBase or RecoveryKind.NoBase ? RecoveryKind.AppliedBySurvivor : _kind,
            plan.Members, [.. _former.Where(m => !plan.Members.Contains(m))], plan.StateStep, newest, again.Count, again.Count - again.Except(ofLiving).Count,
            joined.MovedBytes, _attempts, _detectedAt,
            new RecoveryTimes(_detect, _number, _reports, _planned, form, joined.Warm, joined.Take, joined.Connect, joined.Transfer, _abandoned), reason);
        _gathered = [];
        return recovered;
    }

    /// <summary>The kind of a change, as far as the plan and the reports say it.</summary>
    /// <param name="plan">The new world.</param>
    /// <param name="former">Members of the last world that was ready.</param>
    /// <param name="reports">What the living reported.</param>
    /// <param name="donorDied">A donor of a world that was not ready is not among them.</param>
    public static RecoveryKind KindOf(GenerationPlan plan, ImmutableArray<int> former, ImmutableArray<WorldReport> reports, bool donorDied)
    {
        if (plan.Source is not StateSource.Survivors)
        {
            return plan.Source is StateSource.Initial ? RecoveryKind.Start : RecoveryKind.Checkpoint;
        }

        if (donorDied)
        {
            return RecoveryKind.DonorDied;
        }

        if (former.All(plan.Members.Contains))
        {
            return RecoveryKind.Growth;
        }

        if (plan.RollForward is not null && reports.Any(r => r.Shards.Any(s => s.Step == plan.StateStep - 1)))
        {
            return RecoveryKind.AppliedBySurvivor;
        }

        GroupMask all = GroupMask.All(plan.Recipe.Groups);
        return plan.Bases.All(b => new RangePlan(b, []).BaseGroups == all) ? RecoveryKind.CompleteBase
            : plan.Bases.Any(b => !b.IsEmpty) ? RecoveryKind.PartialBase
            : RecoveryKind.NoBase;
    }

    // Groups of a survivors' world that are not part of a run which its rank had begun; those of any other world are all of them, and nobody had them.
    private static GroupMask RecomputedIn(GenerationPlan plan)
    {
        GroupMask again = default;
        foreach (MemberDeal deal in plan.Source is StateSource.Survivors ? plan.Deals : [])
        {
            again |= deal.IsRetained ? default : deal.Run;
            foreach (int group in deal.Singles)
            {
                again |= GroupMask.Of(group);
            }
        }

        return again;
    }

    private TimeSpan Lap()
    {
        long now = time.GetTimestamp();
        TimeSpan lap = time.GetElapsedTime(_lap, now);
        _lap = now;
        return lap;
    }
}
