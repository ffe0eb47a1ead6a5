namespace Olmo.Host.Runs;

/// <summary>Asks the run to stop when the <c>dotnet run</c> that started it has gone, or when the user asks.</summary>
internal sealed class LauncherWatch : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly ITimer? _timer;

    /// <summary>Watches from now on.</summary>
    public LauncherWatch(TimeProvider time, CancellationToken asked)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(asked);
        int launcher = Launcher.Find();
        if (launcher != 0)
        {
            TimeSpan period = TimeSpan.FromMilliseconds(200);
            _timer = time.CreateTimer(_ =>
            {
                if (Launcher.ParentOf(Environment.ProcessId) != launcher)
                {
                    _stop.Cancel();
                }
            }, null, period, period);
        }
    }

    /// <summary>Cancelled when the run is to stop.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        _timer?.Dispose();
        _stop.Dispose();
    }
}
