namespace Olmo.Model.Compute;

/// <summary>A thread's rounding or denormal mode would give other bits than other machines have.</summary>
public sealed class FloatingPointEnvironmentException(string message) : InvalidOperationException(message);
