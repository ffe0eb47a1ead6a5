namespace Olmo.Model.Cuda;

/// <summary>CUDA cannot be used on this machine: a library or a device is missing. The message says which, and where it was looked for.</summary>
public sealed class CudaNotAvailableException(string message, Exception? cause = null) : Exception(message, cause);
