using System.Globalization;
using System.Text.Json;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Metrics;

/// <summary>
/// Appends one JSON line per change of the world to a file of the run, once its first step is done or it was over before, and publishes <see cref="WorldResumed"/>. Words of ranks
/// and of the coordinator come by different ways: a step may be heard of before its world.
/// </summary>
public sealed class RecoveryLog : ReceiveActor
{
    private const int StepsKept = 8;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Queue<(long Generation, long Step, DateTimeOffset At)> _heard = new(StepsKept);
    private FileStream? _file;
    private WorldRecovered? _pending;
    private long _readyAt;
    private long _lost;
    private long _generation; // of the newest step that was heard of
    private long _newest; // step of that generation
    private long _before; // newest step of the generations before it that was not lost

    /// <summary>Writes to a file, which is made if absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Clock.</param>
    public RecoveryLog(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
        Receive<WorldRecovered>(OnRecovered);
        Receive<StepCompleted>(OnStep);
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        _file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
        Context.System.EventStream.Subscribe(Self, typeof(WorldRecovered));
        Context.System.EventStream.Subscribe(Self, typeof(StepCompleted));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        if (_pending is { } pending)
        {
            Append(new WorldResumed(pending, 0, TimeSpan.Zero, _lost, default));
        }

        _file?.Dispose();
    }

    private void OnRecovered(WorldRecovered recovered)
    {
        if (_pending is { } former)
        {
            Resumed(new WorldResumed(former, 0, TimeSpan.Zero, _lost, default));
        }

        _lost = LostBy(recovered);
        _pending = recovered;
        _readyAt = _time.GetTimestamp();
        foreach ((long generation, long step, DateTimeOffset at) in _heard)
        {
            if (IsFirst(recovered, generation, step))
            {
                Resumed(new WorldResumed(recovered, step, TimeSpan.Zero, _lost, at));
                break;
            }
        }
    }

    private void OnStep(StepCompleted step)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (_pending is { } pending && IsFirst(pending, step.Generation, step.Step))
        {
            Resumed(new WorldResumed(pending, step.Step, _time.GetElapsedTime(_readyAt), _lost, now));
        }

        if (_heard.Count == StepsKept)
        {
            _heard.Dequeue();
        }

        _heard.Enqueue((step.Generation, step.Step, now));
        if (step.Generation > _generation)
        {
            (_before, _newest, _generation) = (Math.Max(_before, _newest), 0, step.Generation);
        }

        _newest = Math.Max(_newest, step.Step);
    }

    private static bool IsFirst(WorldRecovered recovered, long generation, long step) => generation == recovered.Generation && step > recovered.StateStep;

    // Steps of older worlds past the new one's state; from now on they were not done.
    private long LostBy(WorldRecovered recovered)
    {
        bool isHeard = _generation >= recovered.Generation;
        long done = Math.Max(isHeard ? _before : Math.Max(_before, _newest), recovered.NewestStep);
        _before = recovered.StateStep;
        if (!isHeard)
        {
            _newest = 0;
        }

        return Math.Max(0, done - recovered.StateStep);
    }

    private void Resumed(WorldResumed resumed)
    {
        _pending = null;
        Append(resumed);
        Context.System.EventStream.Publish(resumed);
    }

    private void Append(WorldResumed resumed)
    {
        WorldRecovered world = resumed.Recovered;
        using (Utf8JsonWriter json = new(_file!))
        {
            json.WriteStartObject();
            json.WriteNumber("generation", world.Generation);
            json.WriteString("kind", world.Kind.ToString());
            Write(json, "members", world.Members);
            Write(json, "lost", world.Lost);
            json.WriteNumber("state_step", world.StateStep);
            json.WriteNumber("first_step", resumed.Step);
            json.WriteNumber("steps_lost", resumed.StepsLost);
            json.WriteNumber("groups_recomputed", world.Recomputed);
            json.WriteNumber("groups_of_living_recomputed", world.RecomputedOfLiving);
            json.WriteNumber("moved_bytes", world.MovedBytes);
            json.WriteNumber("attempts", world.Attempts);
            json.WriteString("detected_at", world.DetectedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("resumed_at", resumed.Step > 0 ? resumed.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) : "");
            Write(json, "detect", world.Times.Detect);
            Write(json, "agree", world.Times.Agree);
            Write(json, "agree_number", world.Times.Number);
            Write(json, "agree_reports", world.Times.Reports);
            Write(json, "agree_plan", world.Times.Plan);
            Write(json, "form", world.Times.Form);
            Write(json, "warm", world.Times.Warm);
            Write(json, "take", world.Times.Take);
            Write(json, "connect", world.Times.Connect);
            Write(json, "transfer", world.Times.Transfer);
            Write(json, "abandoned", world.Times.Abandoned);
            Write(json, "redo", resumed.Redo);
            json.WriteString("reason", world.Reason);
            json.WriteEndObject();
        }

        _file!.WriteByte((byte)'\n');
        _file.Flush();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<int> ranks)
    {
        json.WriteStartArray(name);
        foreach (int rank in ranks)
        {
            json.WriteNumberValue(rank);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, TimeSpan time) => json.WriteNumber($"{name}_s", Math.Round(time.TotalSeconds, 6));
}
