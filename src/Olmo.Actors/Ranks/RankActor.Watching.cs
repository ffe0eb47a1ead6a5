using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <content>What a rank says of itself and of others beside its steps: where it is, how fast, and whose numbers are wrong.</content>
public sealed partial class RankActor
{
    private void OnFinding(IRankFinding finding)
    {
        if (finding is AuditEnded { Outcome: not AuditOutcome.Agreed } verdict)
        {
            _verdict = verdict;
        }

        _supervisor.Tell(finding);
    }

    private static TimeSpan LookEvery(SectionLimits limits) => limits.Floor / 8 < LongestLook ? limits.Floor / 8 : LongestLook;

    private WorkDescribed Describe()
    {
        IWorldEngine? engine = _engine.Engine;
        SectionStanding where = default;
        bool isOverdue = false;
        foreach (SectionClock clock in engine?.Clocks ?? [])
        {
            SectionStanding standing = clock.Read();
            bool over = _settings.Sections?.Of(standing.Section, clock.Learnt(standing.Section)) is { } limit && standing.Elapsed >= limit;
            if (where.Section is RankSection.None || over)
            {
                (where, isOverdue) = (standing, over);
            }
        }

        return new WorkDescribed(_world!.Generation, _settings.RankId, where.Section, where.Step, where.Elapsed.TotalSeconds, isOverdue, engine?.Operations);
    }

    // Windows end at the same steps on all ranks; one that began in another world, or was not seen whole, says nothing.
    private void MeasureSpeed(long step)
    {
        if (_settings.SpeedWindow <= 0 || step % _settings.SpeedWindow != 0 || _engine.Engine is not { } engine)
        {
            return;
        }

        (long groups, TimeSpan time) = engine.Computing;
        if (_window.Step == step - _settings.SpeedWindow && _window.Generation == _world!.Generation && groups > _window.Groups)
        {
            _supervisor.Tell(new ComputeTimes(_world.Generation, _settings.RankId, step, (time - _window.Time).TotalSeconds / (groups - _window.Groups)));
        }

        _window = (step, _world!.Generation, groups, time);
    }

    private void SendAgain()
    {
        SendUnsettled();
        if (_verdict is { } verdict)
        {
            _supervisor.Tell(verdict);
        }
    }
}
