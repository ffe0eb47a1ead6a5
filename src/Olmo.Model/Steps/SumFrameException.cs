namespace Olmo.Model.Steps;

/// <summary>Bytes that are not a whole, unchanged frame. Nothing of it was added.</summary>
public sealed class SumFrameException(string message) : Exception(message);
