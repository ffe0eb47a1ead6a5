using System.Globalization;
using Olmo.Actors.Runs;

namespace Olmo.Host.Runs;

/// <summary>A change of the world as one line for a person.</summary>
internal static class RecoveryText
{
    /// <summary>The line.</summary>
    public static string Of(WorldResumed resumed)
    {
        ArgumentNullException.ThrowIfNull(resumed);
        WorldRecovered world = resumed.Recovered;
        RecoveryTimes times = world.Times;
        string end = resumed.Step > 0 ? $"redo {Of(resumed.Redo)}" : "over before its first step";
        string abandoned = world.Attempts > 1 ? $"{world.Attempts} attempts ({Of(times.Abandoned)}), " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"recovered at step {world.StateStep} ({Words(world.Kind)}): {abandoned}detect {Of(times.Detect)}, agree {Of(times.Agree)}, warm {Of(times.Warm)}, take {Of(times.Take)}, connect {Of(times.Connect)}, transfer {Of(times.Transfer)} of {world.MovedBytes / 1e6:0.0} MB, {end}; {world.Recomputed} groups computed again, {resumed.StepsLost} steps lost");
    }

    private static string Of(TimeSpan time) => time.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");

    private static string Words(RecoveryKind kind) => kind switch
    {
        RecoveryKind.Start => "initial weights",
        RecoveryKind.Checkpoint => "from a checkpoint",
        RecoveryKind.Growth => "ranks were added",
        RecoveryKind.AppliedBySurvivor => "a survivor had applied the step",
        RecoveryKind.CompleteBase => "survivors held the whole sum",
        RecoveryKind.PartialBase => "survivors held a part of the sum",
        RecoveryKind.NoBase => "there were no sums yet",
        RecoveryKind.DonorDied => "a donor died",
        _ => kind.ToString(),
    };
}
