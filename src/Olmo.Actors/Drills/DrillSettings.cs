namespace Olmo.Actors.Drills;

/// <summary>The drill of a recipe.</summary>
/// <param name="Faults">Faults, in the order of the recipe.</param>
/// <param name="Without">Names of guards that are off.</param>
public sealed record DrillSettings(IReadOnlyList<DrillFault> Faults, IReadOnlyList<string> Without)
{
    /// <summary>Nothing.</summary>
    public static DrillSettings None { get; } = new([], []);

    /// <summary>What is on.</summary>
    public Guards Guards => Guards.Without(Without);

    /// <summary>Whether it changes nothing.</summary>
    public bool IsEmpty => Faults.Count == 0 && Without.Count == 0;

    /// <summary>One sentence for a person.</summary>
    public override string ToString() =>
        $"{Faults.Count} faults ({(Faults.Count == 0 ? "none" : string.Join(", ", Faults.Select(f => f.Act)))}), guards off: {(Without.Count == 0 ? "none" : string.Join(", ", Without))}; "
        + "bits, and safety, are not promised";
}
