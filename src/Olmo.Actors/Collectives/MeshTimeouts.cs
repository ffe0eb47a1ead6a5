namespace Olmo.Actors.Collectives;

/// <summary>The timeouts of a world. Each must be below the next, so that the innermost says what is wrong before an outer one ends everything.</summary>
/// <param name="Heartbeat">Time without traffic after which a heartbeat is sent.</param>
/// <param name="Silence">Time without a byte of a peer after which it counts as gone; at least three heartbeats.</param>
/// <param name="Handshake">From the start of a connection to its authentication.</param>
/// <param name="Operation">One collective, or the wait until a message's bytes have left.</param>
/// <param name="Step">One optimizer update on a rank.</param>
/// <param name="Supervisor">Silence of a rank towards its supervisor.</param>
public sealed record MeshTimeouts(TimeSpan Heartbeat, TimeSpan Silence, TimeSpan Handshake, TimeSpan Operation, TimeSpan Step, TimeSpan Supervisor)
{
    /// <summary>0.25 s, 3 s, 5 s, 30 s, 120 s, 300 s.</summary>
    public static MeshTimeouts Default { get; } = new(
        TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(300));

    /// <summary>Checks the order.</summary>
    /// <exception cref="ArgumentException">A timeout is not positive or not below the next; names both and their values.</exception>
    public void Validate()
    {
        Positive(Heartbeat, nameof(Heartbeat));
        Positive(Handshake, nameof(Handshake));
        if (Silence < 3 * Heartbeat)
        {
            throw new ArgumentException($"the silence timeout ({Silence.TotalSeconds} s) must be at least three heartbeats ({Heartbeat.TotalSeconds} s each)");
        }

        Below(Silence, "silence", Operation, "operation");
        Below(Handshake, "handshake", Operation, "operation");
        Below(Operation, "operation", Step, "step");
        Below(Step, "step", Supervisor, "supervisor");
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero)
        {
            throw new ArgumentException($"the {name} timeout is {value.TotalSeconds} s; it must be above 0");
        }
    }

    private static void Below(TimeSpan inner, string innerName, TimeSpan outer, string outerName)
    {
        if (inner >= outer)
        {
            throw new ArgumentException($"the {innerName} timeout ({inner.TotalSeconds} s) must be below the {outerName} timeout ({outer.TotalSeconds} s)");
        }
    }
}
