namespace Olmo.Runtime.Hocon;

/// <summary>A value contains itself; caught where the reference that closes the cycle is known.</summary>
internal sealed class ResolveCycleException : Exception;
