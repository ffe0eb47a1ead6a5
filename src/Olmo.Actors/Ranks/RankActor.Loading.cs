using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <content>Batches ahead of the steps.</content>
public sealed partial class RankActor
{
    private void OnBatchLoaded()
    {
        _world!.Loading = false;
        _world.LoaderFailure = null; // it was read after all
        _world.NextToLoad++;
        LoadNext();
    }

    private void OnLoaderRestarted(LoaderRestarted restarted)
    {
        _log.Warning("the loader was restarted and reads step {0} again: {1}", _world!.NextToLoad, restarted.Cause.Message);
        _world.LoaderFailure = restarted.Cause;
        _world.Loading = false;
        _world.FreeSlots++;
        LoadNext();
    }

    private void LoadNext()
    {
        RankWorld world = _world!;
        if (!world.Loading && world.FreeSlots > 0 && world.NextToLoad <= world.TotalSteps && world.Loader is { } loader)
        {
            world.Loading = true;
            world.FreeSlots--;
            loader.Tell(new LoadBatch(world.NextToLoad));
        }
    }

    private void OnLoaderGone(Terminated gone)
    {
        if (_world is { } world && gone.ActorRef.Equals(world.Loader) && _phase is RankPhase.Ready or RankPhase.Training or RankPhase.Loading)
        {
            Fail(Blamed(
                new RankFailed(
                    world.Generation, FaultKind.Loader, $"step {world.NextToLoad} cannot be read, {_settings.MaxLoaderRestarts} restarts of the loader did not help: {world.LoaderFailure?.Message}", world.NextToLoad),
                world.LoaderFailure));
        }
    }
}
