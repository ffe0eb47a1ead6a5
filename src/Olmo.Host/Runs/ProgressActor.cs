using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Runs;

/// <summary>
/// Shows a run to a person: on a terminal one line that is rewritten with every step, elsewhere a plain line every few steps; faults, checkpoints and
/// generations are lines of their own. Also tells the command how the run ended.
/// </summary>
internal sealed class ProgressActor : ReceiveActor
{
    private readonly ProgressLine _line;
    private readonly long _totalSteps;
    private readonly TimeSpan _outage;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource<RunEnd> _end;
    private long? _journalGoneAt;
    private RankFinished? _finished;
    private long _committed;

    /// <summary>Writes to <paramref name="line"/> and completes <paramref name="end"/> when the run stands still, or when the journal was away for longer than <paramref name="outage"/>.</summary>
    public ProgressActor(ProgressLine line, long totalSteps, TimeSpan outage, TimeProvider time, TaskCompletionSource<RunEnd> end)
    {
        _line = line;
        _totalSteps = totalSteps;
        _outage = outage;
        _time = time;
        _end = end;
        Receive<StepCompleted>(step => _line.Step(step, _totalSteps, _committed));
        Receive<CheckpointCommitted>(OnCommitted);
        Receive<CheckpointAbandoned>(e => _line.Say($"no checkpoint of step {e.Step}: {e.Reason}"));
        Receive<CheckpointRejected>(e => _line.Say($"checkpoint of step {e.Step} cannot be read ('{e.File}': {e.Reason}); falling back to an older one"));
        Receive<CheckpointSuspected>(e => _line.Say($"checkpoint of step {e.Step} is suspect and does not count: {e.Reason}"));
        Receive<RankFinished>(e => _finished = e);
        Receive<JournalUnavailable>(OnJournalUnavailable);
        Receive<JournalAvailable>(_ => _journalGoneAt = null);
        Receive<RunEventStored>(stored => OnRunEvent(stored.Event));
        Receive<WorldResumed>(OnResumed);
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        foreach (Type type in (Type[])[typeof(StepCompleted), typeof(CheckpointEvent), typeof(RankFinished), typeof(JournalUnavailable), typeof(JournalAvailable), typeof(RunEventStored),
            typeof(WorldResumed)])
        {
            Context.System.EventStream.Subscribe(Self, type);
        }
    }

    private void OnCommitted(CheckpointCommitted committed)
    {
        _committed = committed.Step;
        _line.Say($"checkpoint of step {committed.Step} committed ({committed.LengthBytes / 1e6:0.0} MB in {committed.Shards.Count} shards)");
    }

    private void OnJournalUnavailable(JournalUnavailable unavailable)
    {
        if (_journalGoneAt is not { } since)
        {
            _journalGoneAt = _time.GetTimestamp();
            _line.Say($"the journal is unavailable, steps go on and commits wait: {unavailable.Reason}");
            return;
        }

        if (_time.GetElapsedTime(since) > _outage)
        {
            _end.TrySetResult(new RunEnd(StopReason.JournalUnavailable, $"for longer than supervision.journal-outage = {_outage}: {unavailable.Reason}", _committed, _finished));
        }
    }

    private void OnResumed(WorldResumed resumed)
    {
        if (resumed.Recovered.Kind is not RecoveryKind.Start)
        {
            _line.Say(RecoveryText.Of(resumed));
        }
    }

    private static string World(WorldFormed world) =>
        world.Members.Length == 1 ? $"generation {world.Generation}" : $"generation {world.Generation}, ranks {string.Join(',', world.Members.Select(m => m.RankId))}";

    private void OnRunEvent(RunEvent happened)
    {
        switch (happened)
        {
            case WorldFormed { Source: StateSource.Initial } e:
                _line.Say($"starts from initial weights ({World(e)})");
                break;
            case WorldFormed { Source: StateSource.Checkpoint } e:
                _line.Say($"resumed from step {e.StateStep} of {_totalSteps} ({World(e)}: {e.Reason})");
                break;
            case WorldFormed e:
                _line.Say($"goes on from step {e.StateStep} of {_totalSteps} ({World(e)}: {e.Reason})");
                break;
            case TimelineOpened e:
                _line.Say($"timeline {e.Timeline} branches off at step {e.FromStep}: {e.Reason}");
                break;
            case GroupQuarantined e:
                _line.Say($"group {e.Group} of step {e.Step} (batch {e.Batch}) counts as zero from now on: {e.ErrorType} in {(e.Ranks.Length > 1 ? $"ranks {string.Join(',', e.Ranks)}" : "two generations of the only rank")}");
                break;
            case RankSlow e:
                _line.Say($"rank {e.RankId} computes at {e.Score:0%} of the fastest rank's speed (up to step {e.Step}){(e.IsReplaced ? ": a spare takes its place" : "")}");
                break;
            case StagingLimited e:
                _line.Say($"rank {e.RankId} died before its part of the checkpoint of step {e.Step} was written: from now on one shard is staged at a time");
                break;
            case RankConvicted e:
                _line.Say($"CONVICTED: {e.Reason}");
                break;
            case SumsVoided e:
                _line.Say($"sums of step {e.Step} are void (shard {e.Shard}{(e.Suspects.IsEmpty ? "" : $", at fault: rank {string.Join(',', e.Suspects)}")}) and are made again");
                break;
            case RankFaulted e:
                _line.Say($"fault at step {e.Step}: {e.Kind}: {e.Message}");
                break;
            case StopRequested e:
                _line.Say($"stopping after the step that runs, with a checkpoint ({e.By})");
                break;
            case RunStopped e:
                _line.End();
                _end.TrySetResult(new RunEnd(e.Reason, e.Detail, e.Step, _finished));
                break;
            default:
                break;
        }
    }
}

/// <summary>How a run ended in this process.</summary>
internal sealed record RunEnd(StopReason Reason, string Detail, long Step, RankFinished? Finished);
