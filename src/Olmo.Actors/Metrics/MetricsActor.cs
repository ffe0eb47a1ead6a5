using System.Globalization;
using System.Text.Json;
using Olmo.Actors.Ranks;

namespace Olmo.Actors.Metrics;

/// <summary>Appends one JSON line per step to the run's metrics file. A step that is run again after a failure stands there again; the later line counts.</summary>
public sealed class MetricsActor : ReceiveActor
{
    private readonly string _path;
    private readonly TimeProvider _time;
    private FileStream? _file;

    /// <summary>Writes to a file, which is made if absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Clock.</param>
    public MetricsActor(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
        Receive<StepCompleted>(Append);
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        _file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
        Context.System.EventStream.Subscribe(Self, typeof(StepCompleted));
    }

    /// <inheritdoc />
    protected override void PostStop() => _file?.Dispose();

    private void Append(StepCompleted step)
    {
        using (Utf8JsonWriter json = new(_file!))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step.Step);
            json.WriteString("at", _time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteNumber("timeline", step.Timeline);
            json.WriteNumber("generation", step.Generation);
            Write(json, "loss", step.Loss);
            Write(json, "z_loss", step.ZLoss);
            Write(json, "grad_norm", step.GradientNorm);
            Write(json, "learning_rate", step.LearningRate);
            json.WriteBoolean("skipped", step.IsSkipped);
            json.WriteNumber("tokens", step.Tokens);
            json.WriteNumber("tokens_seen", step.TokensSeen);
            json.WriteNumber("batch", step.Batch);
            json.WriteNumber("sequences", step.Sequences);
            json.WriteString("token_hash", step.TokenHash.ToString("x16", CultureInfo.InvariantCulture));
            Write(json, "seconds", step.Duration.TotalSeconds);
            Write(json, "seconds_waiting_for_data", step.WaitForData.TotalSeconds);
            Write(json, "tokens_per_second", step.TokensPerSecond);
            Write(json, "mfu", step.Mfu);
            json.WriteEndObject();
        }

        _file!.WriteByte((byte)'\n');
        _file.Flush();
    }

    private static void Write(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
            return;
        }

        json.WriteString(name, value.ToString()); // JSON has no number for NaN and the infinities
    }
}
