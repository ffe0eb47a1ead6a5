namespace Olmo.TestKit.Simulation;

/// <summary>A check of the simulator failed: the history ends.</summary>
internal sealed class ViolationException(string message) : Exception(message);
