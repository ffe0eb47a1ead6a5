using Olmo.Actors.Links;

namespace Olmo.Actors.Nodes;

/// <content>Processes that ended, and those that take their place.</content>
public sealed partial class NodeActor
{
    private void StartMissingRanks()
    {
        while (Ranks.Count() < _target && Start(ProcessRole.Rank))
        {
        }

        TellRanks();
    }

    private void OnExited(ChildExited exited)
    {
        if (!_children.Remove(exited.Number, out Child? child))
        {
            return; // of an earlier incarnation of this actor
        }

        _log.Info("{0} {1} (process id {2}) {3}", child.Role, child.Number, child.Process.Id, exited.Exit);
        Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, exited.Exit.ToString()));
        if (child.Role is ProcessRole.Rank)
        {
            _links.Tell(new Forget(EndpointOf(child)));
            _ranks.Tell(new ProcessEnded(child.Number, exited.Exit.ExitCode, exited.Exit.Signal));
        }

        if (_closing is not null)
        {
            if (_children.Count == 0)
            {
                Context.Stop(Self);
            }

            return;
        }

        if (child.Role is ProcessRole.Rank && exited.Exit.ExitCode is { } code && code == _settings.UnfitExitCode)
        {
            Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, _places.Fail(child.Slot)));
        }

        if (child.Role is ProcessRole.Coordinator)
        {
            Replace(ref _failedCoordinators, child, exited.Exit, () => Start(ProcessRole.Coordinator));
        }
        else if (_settings.Respawns)
        {
            Replace(ref _failedRanks, child, exited.Exit, child.WasUseful ? ReplaceRank : StartMissingRanks);
        }
        else
        {
            TellRanks();
        }
    }

    private void Replace(ref int failed, Child child, ProcessExit exit, Action start)
    {
        if (exit.ExitCode is { } code && code == _settings.HopelessExitCode)
        {
            Context.System.EventStream.Publish(new NodeFailed($"{child.Role} {child.Number} {exit}: a mistake that another start does not mend"));
            return;
        }

        failed = child.WasUseful ? 0 : failed + 1;
        if (failed > _settings.MaxFailedStarts)
        {
            Context.System.EventStream.Publish(new NodeFailed(
                $"{failed} processes of role {child.Role} in a row ended before they were of use, the limit is {_settings.MaxFailedStarts}; the last one {exit}"));
            return;
        }

        start();
    }

    // Where other ranks live they recover first: the start of a process takes seconds of processor time.
    private void ReplaceRank()
    {
        if (_settings.ReplacementDelay <= TimeSpan.Zero || !Ranks.Any(c => c.WasUseful))
        {
            StartMissingRanks();
            return;
        }

        _holdsBack = true;
        Timers.StartSingleTimer(nameof(DelayOver), DelayOver.Instance, _settings.ReplacementDelay);
        TellRanks();
    }

    private void StartHeldBack()
    {
        if (_holdsBack && _closing is null)
        {
            _holdsBack = false;
            Timers.Cancel(nameof(DelayOver));
            StartMissingRanks();
        }
    }
}
