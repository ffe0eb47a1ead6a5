namespace Olmo.Actors.Ranks;

/// <summary>Where the time went in which a rank carried out a plan, as that rank's clock has it.</summary>
/// <param name="Warm">Until its engine was there; a rank that works on has one.</param>
/// <param name="Take">State and sums that it keeps or loads were put in place, a step that others had applied was applied.</param>
/// <param name="Connect">Until the mesh was whole.</param>
/// <param name="Transfer">Until state, base and parameters had come from others.</param>
/// <param name="MovedBytes">Bytes of state and of base sums that came from other ranks.</param>
/// <param name="RolledForward">It applied a step that others had applied before.</param>
public sealed record JoinReport(TimeSpan Warm, TimeSpan Take, TimeSpan Connect, TimeSpan Transfer, long MovedBytes, bool RolledForward)
{
    /// <summary>Nothing was done.</summary>
    public static JoinReport None { get; } = new(default, default, default, default, 0, false);

    /// <summary>The world is ready when the last of its members is: the longest of each part, all bytes.</summary>
    public static JoinReport Together(JoinReport a, JoinReport b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new JoinReport(
            Longer(a.Warm, b.Warm), Longer(a.Take, b.Take), Longer(a.Connect, b.Connect), Longer(a.Transfer, b.Transfer), a.MovedBytes + b.MovedBytes,
            a.RolledForward || b.RolledForward);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
