using System.Globalization;
using System.Text.Json;

namespace Olmo.Recovery;

/// <summary>A step as the run's metrics have it.</summary>
internal readonly record struct StepLine(long Step, long Generation, DateTimeOffset At, double Seconds);

/// <summary>A change of the world as the run's recoveries have it; times in seconds.</summary>
internal sealed record RecoveryLine(
    long Generation, string Kind, int Members, int Lost, long StateStep, long FirstStep, long StepsLost, int Groups, int GroupsOfLiving, long MovedBytes, int Attempts, DateTimeOffset DetectedAt,
    DateTimeOffset? ResumedAt, double Agree, double Form, double Warm, double Take, double Connect, double Transfer, double Abandoned, double Redo);

/// <summary>Reads what a run wrote down.</summary>
internal static class RunFiles
{
    public static List<StepLine> Steps(string folder) => [.. Lines(folder, "metrics.jsonl").Select(l => new StepLine(
        l.GetProperty("step").GetInt64(), l.GetProperty("generation").GetInt64(), Time(l, "at")!.Value, l.GetProperty("seconds").GetDouble()))];

    public static List<RecoveryLine> Recoveries(string folder) => [.. Lines(folder, "recoveries.jsonl").Select(l => new RecoveryLine(
        l.GetProperty("generation").GetInt64(), l.GetProperty("kind").GetString()!, l.GetProperty("members").GetArrayLength(), l.GetProperty("lost").GetArrayLength(),
        l.GetProperty("state_step").GetInt64(), l.GetProperty("first_step").GetInt64(), l.GetProperty("steps_lost").GetInt64(), l.GetProperty("groups_recomputed").GetInt32(),
        l.GetProperty("groups_of_living_recomputed").GetInt32(), l.GetProperty("moved_bytes").GetInt64(), l.GetProperty("attempts").GetInt32(), Time(l, "detected_at")!.Value, Time(l, "resumed_at"),
        Seconds(l, "agree"), Seconds(l, "form"), Seconds(l, "warm"), Seconds(l, "take"), Seconds(l, "connect"), Seconds(l, "transfer"), Seconds(l, "abandoned"), Seconds(l, "redo")))];

    private static double Seconds(JsonElement line, string name) => line.GetProperty($"{name}_s").GetDouble();

    private static DateTimeOffset? Time(JsonElement line, string name) =>
        line.GetProperty(name).GetString() is { Length: > 0 } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) : null;

    private static IEnumerable<JsonElement> Lines(string folder, string name)
    {
        foreach (string line in File.ReadLines(Path.Combine(folder, name)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }
}
