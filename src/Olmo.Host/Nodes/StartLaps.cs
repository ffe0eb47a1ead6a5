using System.Globalization;
using System.Runtime;
using System.Text;

namespace Olmo.Host.Nodes;

/// <summary>Where the start of a process went: processor time per part, as wall time on a busy machine says little, and how many methods had not been compiled ahead.</summary>
internal sealed class StartLaps
{
    private readonly StringBuilder _text = new();
    private TimeSpan _last = TimeSpan.Zero;
    private long _compiled;

    /// <summary>A part of the start is done.</summary>
    public void Done(string part)
    {
        TimeSpan now = Environment.CpuUsage.TotalTime;
        long compiled = JitInfo.GetCompiledMethodCount();
        _text.Append(CultureInfo.InvariantCulture, $"{(_text.Length == 0 ? "" : ", ")}{part} {(now - _last).TotalMilliseconds:0} ms and {compiled - _compiled} methods");
        (_last, _compiled) = (now, compiled);
    }

    /// <summary>The parts in order.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_text}; {JitInfo.GetCompiledMethodCount()} methods in {JitInfo.GetCompilationTime().TotalMilliseconds:0} ms");
}
