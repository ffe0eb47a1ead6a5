using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Olmo.Runtime.Dispatch;

/// <summary>The kernel's meters, one set for each system, tagged with its name.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _handling;
    private readonly Counter<long> _restarts;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _detached;

    public Instruments(string system, TimeProvider time)
    {
        _time = time;
        _meter = new Meter("Olmo.Runtime", null, [new KeyValuePair<string, object?>("system", system)]);
        _handling = _meter.CreateHistogram<double>("olmo.actor.handling", "s", "Time to handle one message");
        _restarts = _meter.CreateCounter<long>("olmo.actor.restarts", "{restart}", "Failures answered with a restart, by exception type");
        _deadLetters = _meter.CreateCounter<long>("olmo.actor.dead_letters", "{message}", "Undeliverable messages, by reason");
        _detached = _meter.CreateCounter<long>("olmo.actor.detached_handlers", "{handler}", "Awaiting handlers that outlived their actor");
    }

    public long Start() => _handling.Enabled ? _time.GetTimestamp() : 0;

    public void Handled(long started)
    {
        if (started != 0 && _handling.Enabled)
        {
            _handling.Record(_time.GetElapsedTime(started).TotalSeconds);
        }
    }

    public void Restart(Exception cause)
    {
        if (_restarts.Enabled)
        {
            _restarts.Add(1, new TagList { { "cause", cause.GetType().Name } });
        }
    }

    public void DeadLetter(string reason)
    {
        if (_deadLetters.Enabled)
        {
            _deadLetters.Add(1, new TagList { { "reason", reason } });
        }
    }

    public void HandlerDetached() => _detached.Add(1);

    public void Dispose() => _meter.Dispose();
}
