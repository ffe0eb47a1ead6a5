namespace Olmo.Actors.Ranks;

/// <summary>
/// Where a thread is and since when. The thread that works writes, anybody reads, and neither takes a lock: a reader sees a section as it was entered, whatever the worker
/// holds or waits for.
/// </summary>
/// <param name="time">Clock.</param>
public sealed class SectionClock(TimeProvider time)
{
    private const int Sections = (int)RankSection.Stage + 1;
    private const int StepsToLearn = 10;
    private readonly long[] _longest = new long[Sections];
    private long _version; // odd while it is written
    private long _since;
    private long _step;
    private int _section;
    private int _learnt;
    private long _learntStep = -1;

    /// <summary>By the worker: the section before ends, and this one begins.</summary>
    public void Enter(RankSection section, long step)
    {
        long now = time.GetTimestamp();
        int before = _section;
        if (before != (int)RankSection.None && now - _since > Volatile.Read(ref _longest[before]))
        {
            Volatile.Write(ref _longest[before], now - _since);
        }

        if (step > _learntStep && section is RankSection.Apply)
        {
            _learntStep = step;
            Volatile.Write(ref _learnt, _learnt + 1);
        }

        Interlocked.Increment(ref _version);
        Volatile.Write(ref _since, now);
        Volatile.Write(ref _step, step);
        Volatile.Write(ref _section, (int)section);
        Interlocked.Increment(ref _version);
    }

    /// <summary>By the worker: the section that it is in has made progress.</summary>
    public void Beat() => Volatile.Write(ref _since, time.GetTimestamp());

    /// <summary>By the worker: nothing is to be done until the next <see cref="Enter"/>.</summary>
    public void Leave() => Enter(RankSection.None, _step);

    /// <summary>From any thread: where the worker is.</summary>
    public SectionStanding Read()
    {
        while (true)
        {
            long version = Interlocked.Read(ref _version);
            RankSection section = (RankSection)Volatile.Read(ref _section);
            long since = Volatile.Read(ref _since);
            long step = Volatile.Read(ref _step);
            if (version % 2 == 0 && Interlocked.Read(ref _version) == version)
            {
                return new SectionStanding(section, step, time.GetElapsedTime(since), version);
            }
        }
    }

    /// <summary>Longest time that a section has taken, once enough steps and this section were seen; else null.</summary>
    public TimeSpan? Learnt(RankSection section)
    {
        long longest = Volatile.Read(ref _longest[(int)section]);
        return longest == 0 || Volatile.Read(ref _learnt) < StepsToLearn ? null : time.GetElapsedTime(0, longest);
    }
}

/// <summary>Where a thread is.</summary>
/// <param name="Section">The section.</param>
/// <param name="Step">Its step.</param>
/// <param name="Elapsed">How long it has been there, or since its last sign of progress.</param>
/// <param name="Entry">Differs for each entry.</param>
public readonly record struct SectionStanding(RankSection Section, long Step, TimeSpan Elapsed, long Entry);
