namespace Olmo.Actors.Ranks;

/// <content>Where ranks stand and what they report, asked of all and answered as one.</content>
public sealed partial class RankSupervisor
{
    private void OnAdopt(AdoptWorld adopt)
    {
        _run = Sender;
        _checkpoints = adopt.Checkpoints;
        _asking = Asking.Standing;
        _standing.Clear();
        foreach (RankEntry entry in Askable())
        {
            entry.Actor.Tell(new Adopt(Self, _checkpoints), Self);
        }

        AwaitAnswers();
        Answer();
    }

    private void OnReport(RankReport report)
    {
        _standing[report.RankId] = report;
        Answer();
    }

    private void OnGather(GatherRanks gather)
    {
        _run = Sender;
        if (gather.Generation == _generation && _asking is Asking.Reports)
        {
            AskNew();
            Answer();
            return;
        }

        _generation = gather.Generation;
        _members = [];
        _asking = Asking.Reports;
        _prepared.Clear();
        _ready.Clear();
        _stopped.Clear();
        AskNew();
        AwaitAnswers();
        Answer();
    }

    private void AskNew()
    {
        foreach (RankEntry entry in Askable())
        {
            if (!_prepared.ContainsKey(entry.RankId))
            {
                entry.Actor.Tell(new Prepare(_generation), Self);
            }
        }
    }

    private IEnumerable<RankEntry> Askable() => _ranks.Values.Where(r => r.IsReady && !r.IsSilent && !_leftOut.Contains(r.RankId) && !_excluded.Contains(r.RankId));

    private void AwaitAnswers() => Timers.StartSingleTimer(nameof(SilenceOver), new SilenceOver(_generation), _settings.Silence);

    private void OnPrepared(RankPrepared prepared)
    {
        try
        {
            prepared.Report.Check();
        }
        catch (InvalidDataException e)
        {
            _log.Error("rank {0} is left out: {1}", prepared.Report.RankId, e.Message);
            _leftOut.Add(prepared.Report.RankId);
            Answer();
            return;
        }

        _prepared[prepared.Report.RankId] = prepared;
        Answer();
    }

    private void OnPatienceOver()
    {
        _patient = false;
        Answer();
    }

    private void OnSilenceOver()
    {
        foreach (RankEntry entry in Askable().ToArray())
        {
            bool answered = _asking is Asking.Reports ? _prepared.ContainsKey(entry.RankId) : _standing.ContainsKey(entry.RankId);
            if (!answered)
            {
                _log.Warning("rank {0} did not answer within {1} and is left out", entry.RankId, _settings.Silence);
                _leftOut.Add(entry.RankId);
            }
        }

        Answer();
        if (_asking is not Asking.Nothing)
        {
            AwaitAnswers();
        }
    }

    // Answers the run's supervisor once everybody who is there has answered.
    private void Answer()
    {
        int asked = Askable().Count();
        if (_asking is Asking.Standing && (asked > 0 || !_patient) && Askable().All(r => _standing.ContainsKey(r.RankId)))
        {
            _asking = Asking.Nothing;
            _run.Tell(Standing());
        }
        else if (_asking is Asking.Reports && asked > 0 && (asked >= _settings.Wanted || !_patient) && Askable().All(r => _prepared.ContainsKey(r.RankId)))
        {
            Timers.Cancel(nameof(SilenceOver));
            HashSet<int> there = [.. Askable().Select(r => r.RankId)];
            _run.Tell(new RanksGathered(_generation, [.. _prepared.Values.Where(p => there.Contains(p.Report.RankId)).Select(p => p.Report)]));
        }
    }

    private WorldStanding Standing()
    {
        long generation = _standing.Values.Select(r => r.Generation).DefaultIfEmpty(0).Max();
        RankReport[] members = [.. _standing.Values.Where(r => r.Generation == generation && generation > 0)];
        RankPhase phase = members.Length == 0 ? RankPhase.Idle
            : members.Any(r => r.Phase is RankPhase.Idle or RankPhase.Failed) ? members.First(r => r.Phase is RankPhase.Idle or RankPhase.Failed).Phase
            : members.Any(r => r.Phase is RankPhase.Finishing) ? RankPhase.Finishing
            : members.Min(r => r.Phase);
        _generation = generation;
        _members = [.. members.Select(r => r.RankId)];
        _formed = _members;
        _formedAs = generation;
        _trained = members.Select(r => r.Step).DefaultIfEmpty(0).Max();
        _ready.UnionWith(members.Where(r => r.Phase is not RankPhase.Loading).Select(r => r.RankId));
        return new WorldStanding(
            generation, _members, phase, _trained, members.Select(r => r.Failure).FirstOrDefault(f => f is not null), members.Select(r => r.Finished).FirstOrDefault(f => f is not null));
    }
}
