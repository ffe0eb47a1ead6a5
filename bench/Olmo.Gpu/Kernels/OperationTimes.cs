using Olmo.Gpu.Devices;

namespace Olmo.Gpu.Kernels;

/// <summary>Waits for the device after each call and adds up its time by operation.</summary>
internal sealed class OperationTimes(ComputeDevice device, TimeProvider time) : IOperationObserver
{
    private readonly Dictionary<string, (int Calls, double Seconds)> _times = new(StringComparer.Ordinal);

    /// <summary>Operations, the longest first.</summary>
    public IEnumerable<(string Name, int Calls, double Seconds)> Longest =>
        _times.Select(t => (t.Key, t.Value.Calls, t.Value.Seconds)).OrderByDescending(t => t.Seconds).ThenBy(t => t.Key, StringComparer.Ordinal);

    /// <summary>Seconds of one operation.</summary>
    public double SecondsOf(string name) => _times.GetValueOrDefault(name).Seconds;

    /// <inheritdoc/>
    public void Run(in Operation operation, Action call)
    {
        long started = time.GetTimestamp();
        call();
        device.Wait();
        (int calls, double seconds) = _times.GetValueOrDefault(operation.Name);
        _times[operation.Name] = (calls + 1, seconds + time.GetElapsedTime(started).TotalSeconds);
    }
}
