namespace Olmo.Model.Cuda.Interop;

/// <summary>Facts that a driver tells of a device; the numbers are those of CUdevice_attribute.</summary>
internal enum DeviceAttribute
{
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedBytesPerBlock = 97,
}
