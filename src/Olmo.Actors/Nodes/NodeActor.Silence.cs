using Olmo.Actors.Links;

namespace Olmo.Actors.Nodes;

/// <content>Processes that are not heard of.</content>
public sealed partial class NodeActor
{
    private void OnSilent(EndpointSilent silent)
    {
        _log.Warning("endpoint {0} has not been heard of for {1}", silent.Endpoint, silent.For);
        SetSilent(silent.Endpoint, silent.Incarnation, true);
        if ((silent.Endpoint == CoordinatorEndpoint ? _settings.FrozenCoordinator : _settings.FrozenRank) is { } limit)
        {
            Timers.StartSingleTimer(FrozenTimer(silent.Incarnation), new ChildFrozen((int)silent.Incarnation, limit), limit > silent.For ? limit - silent.For : TimeSpan.Zero);
        }
    }

    private void OnHeard(EndpointHeard heard)
    {
        SetSilent(heard.Endpoint, heard.Incarnation, false);
        Timers.Cancel(FrozenTimer(heard.Incarnation));
    }

    private static string FrozenTimer(long incarnation) => $"frozen-{incarnation}";

    private void SetSilent(string endpoint, long incarnation, bool silent)
    {
        if (_children.TryGetValue((int)incarnation, out Child? child) && EndpointOf(child) == endpoint && child.IsSilent != silent)
        {
            child.IsSilent = silent;
            Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, silent ? "is silent: frozen or starved" : "is heard again"));
            TellRanks();
        }
    }

    private void OnChildFrozen(ChildFrozen frozen)
    {
        if (_children.TryGetValue(frozen.Number, out Child? child) && child.IsSilent)
        {
            _log.Error("{0} {1} (process id {2}) was silent for longer than {3} and is killed", child.Role, child.Number, child.Process.Id, frozen.Limit);
            child.Process.Kill();
        }
    }
}
