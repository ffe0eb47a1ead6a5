using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Bench;

/// <summary>
/// The bandwidth with which the threads of a pool read a buffer: by the way of reading that is the fastest of those that are tried, on this machine in this run. The ways differ in how many
/// streams a thread reads side by side, in how much a thread takes at a time and in whether lines are asked for ahead, as products do. The best few of the first tries are measured again
/// and again: a way that was disturbed at first, or that was slow only then, does not decide what the limit is.
/// </summary>
internal sealed unsafe class ReadLimit : IDisposable
{
    private const int Tries = 7;
    private const int Kept = 4;
    private const long Step = 1 << 20;
    private const int Ahead = 1024; // bytes, where lines are asked for

    private readonly ComputePool _pool;
    private readonly TimeProvider _time;
    private readonly AlignedBuffer _buffer;
    private readonly Way[] _ways;
    private readonly List<double>[] _seconds;
    private int _next;
    private int _fastest;

    /// <summary>Takes a buffer of at least so many bytes, fills it and tries the ways.</summary>
    public ReadLimit(ComputePool pool, long bytes, TimeProvider time)
    {
        _pool = pool;
        _time = time;
        long whole = Step * pool.Threads;
        Bytes = (bytes + whole - 1) / whole * whole;
        _buffer = new AlignedBuffer(Bytes);
        for (long at = 0; at < Bytes; at += Step)
        {
            _buffer.Span<byte>(at, (int)Step).Fill(1);
        }

        Way[] ways =
        [
            .. from streams in (int[])[1, 2, 4, 8]
               from unit in (long[])[Step, 4 * Step, Bytes / pool.Threads]
               from asks in (bool[])(Sse.IsSupported ? [false, true] : [false])
               where Bytes % unit == 0
               select new Way(streams, unit, asks),
        ];
        double[][] seconds = [.. ways.Select(_ => new double[Tries])];
        for (int i = 0; i < Tries; i++)
        {
            for (int w = 0; w < ways.Length; w++)
            {
                seconds[w][i] = Seconds(ways[w]);
            }
        }

        _ways = [.. ways.Zip(seconds, (way, tries) => (Way: way, Median: tries.Order().ElementAt(Tries / 2))).OrderBy(w => w.Median).Take(Kept).Select(w => w.Way)];
        _seconds = [.. _ways.Select(way => new List<double>(seconds[Array.IndexOf(ways, way)]))];
    }

    /// <summary>Bytes that are read.</summary>
    public long Bytes { get; }

    /// <summary>The way that is the fastest so far.</summary>
    public string Description =>
        string.Create(CultureInfo.InvariantCulture, $"{_ways[_fastest].Streams} streams a thread, {_ways[_fastest].UnitBytes >> 20} MiB at a time{(_ways[_fastest].Asks ? ", asked for ahead" : "")}");

    /// <summary>Seconds in which all bytes are read: the least of the ways' medians.</summary>
    public double MedianSeconds => MedianOf(_seconds[_fastest]);

    /// <summary>Seconds of the fastest reading.</summary>
    public double LeastSeconds => _seconds.Min(s => s.Min());

    /// <summary>Reads all bytes once by the next of the ways, for <see cref="MedianSeconds"/>.</summary>
    public void Measure()
    {
        _seconds[_next].Add(Seconds(_ways[_next]));
        _next = (_next + 1) % _ways.Length;
        _fastest = Array.IndexOf(_seconds, _seconds.MinBy(MedianOf));
    }

    /// <summary>Reads all bytes once by the fastest way so far.</summary>
    public void Read() => Seconds(_ways[_fastest]);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static double MedianOf(List<double> seconds) => seconds.Order().ElementAt(seconds.Count / 2);

    private double Seconds(Way way)
    {
        ReadJob job = new() { From = _buffer.Pointer<byte>(), Way = way };
        long started = _time.GetTimestamp();
        _pool.Run(ref job, (nint)(Bytes / way.UnitBytes));
        return _time.GetElapsedTime(started).TotalSeconds;
    }

    private readonly record struct Way(int Streams, long UnitBytes, bool Asks);

    private struct ReadJob : IRangeJob
    {
        public byte* From;
        public Way Way;

        public readonly void Execute(nint from, nint to, int worker)
        {
            Vector512<byte> s0 = default, s1 = default, s2 = default, s3 = default;
            nint part = (nint)(Way.UnitBytes / Way.Streams);
            for (nint unit = from; unit < to; unit++)
            {
                byte* start = From + (unit * Way.UnitBytes);
                for (nint at = 0; at < part; at += 256)
                {
                    byte* p = start + at;
                    for (int stream = 0; stream < Way.Streams; stream++, p += part)
                    {
                        if (Way.Asks)
                        {
                            Sse.PrefetchNonTemporal(p + Ahead);
                            Sse.PrefetchNonTemporal(p + Ahead + 64);
                            Sse.PrefetchNonTemporal(p + Ahead + 128);
                            Sse.PrefetchNonTemporal(p + Ahead + 192);
                        }

                        s0 |= *(Vector512<byte>*)p;
                        s1 |= *(Vector512<byte>*)(p + 64);
                        s2 |= *(Vector512<byte>*)(p + 128);
                        s3 |= *(Vector512<byte>*)(p + 192);
                    }
                }
            }

            if (Vector512.EqualsAny(s0 | s1 | s2 | s3, default))
            {
                throw new InvalidOperationException("the buffer holds no zeros");
            }
        }
    }
}
