namespace Olmo.Actors.Drills;

/// <summary>The failure that a drill asked for.</summary>
public sealed class DrillException(string message) : Exception(message);
