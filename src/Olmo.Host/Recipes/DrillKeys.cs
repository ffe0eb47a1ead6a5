using System.Globalization;
using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Runtime.Hocon;

namespace Olmo.Host.Recipes;

/// <summary>The section <c>drill</c> of a recipe: faults that the run causes itself, and guards that it does without.</summary>
internal static class DrillKeys
{
    private const string Coordinator = "coordinator";
    private const string Any = "any";
    private static readonly (string Name, DrillAct Act)[] Acts = [.. Enum.GetValues<DrillAct>().Select(act => (Kebab(act.ToString()), act))];

    /// <summary>Reads it.</summary>
    public static DrillSettings Read(SettingsReader v)
    {
        ArgumentNullException.ThrowIfNull(v);
        IReadOnlyList<string> without = v.TextList("drill.without");
        string? unknown = without.FirstOrDefault(name => !Guards.Names.Contains(name, StringComparer.Ordinal));
        v.Require("drill.without", () => unknown is null, () => $"names of guards: {string.Join(", ", Guards.Names)}; '{unknown}' is none");
        return new DrillSettings([.. v.Elements("drill.faults").Select(ReadFault)], unknown is null ? without : []);
    }

    private static DrillFault ReadFault(SettingsReader v, int index)
    {
        string name = v.Choice("do", [.. Acts.Select(a => a.Name)]);
        DrillAct act = Array.Find(Acts, a => a.Name == name).Act;
        string at = v.OptionalText("at") ?? "";
        string rank = v.Text("rank");
        int process = rank switch
        {
            Any => DrillFault.AnyProcess,
            Coordinator => DrillFault.Coordinator,
            _ => int.TryParse(rank, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -3,
        };
        double factor = v.Double("factor", 0, 1e9);
        TimeSpan duration = v.Duration("duration", TimeSpan.Zero);
        bool needsMoment = act is DrillAct.Kill or DrillAct.Freeze or DrillAct.Hang or DrillAct.Throw or DrillAct.LoseLink || (act is DrillAct.Slow && duration > TimeSpan.Zero);
        v.Require("at", () => !needsMoment || at.Length > 0, () => $"a moment, as do = {name}: {string.Join(", ", Phases.All)}", "do");
        v.Require("at", () => at.Length == 0 || Phases.All.Contains(at, StringComparer.Ordinal), () => $"a moment: {string.Join(", ", Phases.All)}");
        v.Require("rank", () => process >= DrillFault.Coordinator, () => "a process number, 'coordinator' or 'any'");
        v.Require("factor", () => act is not DrillAct.Slow || duration > TimeSpan.Zero || factor >= 1, () => "at least 1, as do = slow without a duration", "do");
        return new DrillFault(
            index, act, at, process, v.Int64("step", 0), v.Int32("group", -1), v.Int32("pass", 0), factor, duration, v.Int64("steps", 1), v.Boolean("once"),
            Enum.Parse<DrillLinks>(v.Choice("link", "both", "mesh", "control"), ignoreCase: true), v.Int32("place", DrillFault.AnyPlace));
    }

    private static string Kebab(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? $"{(i == 0 ? "" : "-")}{char.ToLowerInvariant(c)}" : $"{c}"));
}
