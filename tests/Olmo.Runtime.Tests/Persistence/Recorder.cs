namespace Olmo.Runtime.Tests.Persistence;

/// <summary>What happened, in order, and tasks that end when something happens.</summary>
internal sealed class Recorder
{
    private readonly Lock _lock = new();
    private readonly List<string> _all = [];
    private readonly List<(Func<IReadOnlyList<string>, bool> When, TaskCompletionSource Done)> _waiting = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    public void Add(string what)
    {
        lock (_lock)
        {
            _all.Add(what);
            foreach ((Func<IReadOnlyList<string>, bool> when, TaskCompletionSource done) in _waiting)
            {
                if (when(_all))
                {
                    done.TrySetResult();
                }
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _all.Clear();
        }
    }

    /// <summary>Ends when something was recorded a number of times.</summary>
    public async Task Until(string what, int times = 1)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            bool When(IReadOnlyList<string> all) => all.Count(a => a.StartsWith(what, StringComparison.Ordinal)) >= times;
            if (When(_all))
            {
                return;
            }

            _waiting.Add((When, done));
        }

        try
        {
            await done.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"'{what}' did not happen {times} times; what did: {string.Join(" | ", All)}", e);
        }
    }
}
