using System.Globalization;
using System.Text;

namespace Olmo.Host.Nodes;

/// <summary>Where the start of a process went: processor time per part, as wall time on a busy machine says little.</summary>
internal sealed class StartLaps
{
    private readonly StringBuilder _text = new();
    private TimeSpan _last = TimeSpan.Zero;

    /// <summary>A part of the start is done.</summary>
    public void Done(string part)
    {
        TimeSpan now = Environment.CpuUsage.TotalTime;
        _text.Append(CultureInfo.InvariantCulture, $"{(_text.Length == 0 ? "" : ", ")}{part} {(now - _last).TotalMilliseconds:0} ms");
        _last = now;
    }

    /// <summary>The parts in order.</summary>
    public override string ToString() => _text.ToString();
}
