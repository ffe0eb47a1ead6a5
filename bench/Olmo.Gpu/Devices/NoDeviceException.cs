namespace Olmo.Gpu.Devices;

/// <summary>The machine has no such device, or lacks what it needs.</summary>
internal sealed class NoDeviceException(string message, Exception? inner = null) : Exception(message, inner);
