using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Olmo.Actors.Collectives;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <content>Ranks that hang, that are slow, and that were frozen.</content>
public sealed partial class RankSupervisor
{
    private readonly SortedDictionary<int, WorkDescribed> _described = [];
    private readonly SlowRanks _slow = new();
    private readonly HashSet<int> _frozen = []; // members of a world that were silent
    private ImmutableArray<int> _formed = []; // of the newest world, also while the next is gathered
    private long _formedAs; // its generation
    private long _askedWhere; // the generation whose members are asked; 0: nobody is

    // It went on in a world that others have left. Whatever it sends is refused, as its generation is old; its process ends, and a fresh one takes its place. Where nobody of the world that
    // went on lives it is the spare that the next one needs.
    private void OnHeard(int rank)
    {
        _leftOut.Remove(rank);
        if (_frozen.Contains(rank) && _asking is Asking.Nothing && !_members.Contains(rank) && _members.Any(m => _ranks.TryGetValue(m, out RankEntry? member) && !member.IsSilent))
        {
            _frozen.Remove(rank);
            OnExclude(new ExcludeRank(rank, "it was frozen, and its world went on without it", BarsPlace: false));
        }
    }

    // Everybody is asked, since who waits for too long is mostly the victim of another.
    private void OnOverdue(SectionOverdue overdue)
    {
        _log.Warning(
            "rank {0} is in section {1} of step {2} for {3:0.0} s, the limit is {4:0.0} s", overdue.RankId, overdue.Section, overdue.Step, overdue.Seconds, overdue.Limit);
        if (_askedWhere == _generation)
        {
            return;
        }

        _askedWhere = _generation;
        _described.Clear();
        foreach (int rank in _members)
        {
            if (_ranks.TryGetValue(rank, out RankEntry? entry))
            {
                entry.Actor.Tell(new DescribeWork(_generation), Self);
            }
        }

        Timers.StartSingleTimer(nameof(DescribeOver), new DescribeOver(_generation), _settings.DescribeWithin);
    }

    private void OnDescribed(WorkDescribed described)
    {
        _described[described.RankId] = described;
        if (_askedWhere == _generation && _described.Count == _members.Length)
        {
            JudgeHang();
        }
    }

    private void JudgeHang()
    {
        if (_askedWhere != _generation)
        {
            return;
        }

        _askedWhere = 0;
        Timers.Cancel(nameof(DescribeOver));
        HangVerdict verdict = HangVerdict.Of(_members, [.. _described.Values]);
        if (verdict.Action is HangAction.Nothing || _asking is not Asking.Nothing)
        {
            return;
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"hang-generation-{_generation}.txt");
        string what = verdict.Action is HangAction.Replace
            ? $"rank {string.Join(',', verdict.Culprits)} hangs ({Where(verdict.Culprits[0])}); see hangs/{name}"
            : $"all ranks wait for each other; see hangs/{name}";
        foreach (int rank in verdict.Culprits)
        {
            OnExclude(new ExcludeRank(rank, what, BarsPlace: false));
        }

        _run.Tell(new RankFailed(_generation, FaultKind.Hung, what, _trained, RankId: verdict.Culprits.FirstOrDefault()));
        try
        {
            _settings.WriteReport(name, ReportOf(verdict)); // last: a device that is full must not keep the hang
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error(e, "the report of the hang could not be written");
        }
    }

    private string Where(int rank) => _described.TryGetValue(rank, out WorkDescribed? there)
        ? string.Create(CultureInfo.InvariantCulture, $"in section {there.Section} of step {there.Step} for {there.Seconds:0.0} s")
        : $"it did not say where it is within {_settings.DescribeWithin.TotalSeconds} s";

    private string ReportOf(HangVerdict verdict)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"generation {_generation}, ranks by position {string.Join(", ", _members)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"verdict: {verdict.Action} {string.Join(", ", verdict.Culprits)}");
        foreach (int rank in _members)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"rank {rank}: {Where(rank)}{(_described.TryGetValue(rank, out WorkDescribed? there) && there.IsOverdue ? ", too long" : "")}");
        }

        MeshOperations[] operations = [.. _described.Values.Select(d => d.Operations).OfType<MeshOperations>().Where(o => o.Generation == _generation)];
        return text.AppendLine(HangReport.From(operations).ToString()).ToString();
    }

    private void OnTimes(ComputeTimes times)
    {
        foreach ((int rank, double score) in _settings.Guards.SlowWatch ? _slow.Add(times.RankId, times.WindowEnd, times.SecondsPerGroup, _members) : [])
        {
            bool hasSpare = Askable().Any(r => !_members.Contains(r.RankId));
            _run.Tell(new SlowRankFound(_generation, rank, times.WindowEnd, score, _settings.ReplacesSlow && hasSpare));
        }
    }

    private sealed record DescribeOver(long Generation);
}
