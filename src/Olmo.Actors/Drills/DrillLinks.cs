namespace Olmo.Actors.Drills;

/// <summary>Links of a process that a drill can lose.</summary>
[Flags]
public enum DrillLinks
{
    /// <summary>No link.</summary>
    None = 0,

    /// <summary>Those to the other ranks, which carry sums and state.</summary>
    Mesh = 1,

    /// <summary>The one to the node.</summary>
    Control = 2,

    /// <summary>All: the process has vanished for everybody else.</summary>
    Both = Mesh | Control,
}
