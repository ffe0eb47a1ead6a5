using System.Runtime.InteropServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>The driver's functions that are used, under their own names; each throws <see cref="CudaException"/> where the driver returns an error.</summary>
/// <remarks>Safe for several threads; what a call does is done in the context that is current on the calling thread.</remarks>
internal sealed unsafe partial class CudaDriver
{
    private readonly delegate* unmanaged<int, byte**, int> _getErrorName;
    private readonly delegate* unmanaged<int, byte**, int> _getErrorString;
    private readonly delegate* unmanaged<uint, int> _init;
    private readonly delegate* unmanaged<int*, int> _driverGetVersion;
    private readonly delegate* unmanaged<int*, int> _deviceGetCount;
    private readonly delegate* unmanaged<int*, int, int> _deviceGet;
    private readonly delegate* unmanaged<byte*, int, int, int> _deviceGetName;
    private readonly delegate* unmanaged<int*, int, int, int> _deviceGetAttribute;
    private readonly delegate* unmanaged<nint*, int, int> _devicePrimaryContextRetain;
    private readonly delegate* unmanaged<int, int> _devicePrimaryContextRelease;
    private readonly delegate* unmanaged<nint, int> _contextSetCurrent;

    /// <summary>Takes the functions of a loaded driver; <see cref="Initialize"/> comes before all others.</summary>
    /// <exception cref="CudaNotAvailableException">The driver is too old.</exception>
    public CudaDriver(LoadedLibrary library)
    {
        Path = library.Path;
        _getErrorName = (delegate* unmanaged<int, byte**, int>)library.Function("cuGetErrorName");
        _getErrorString = (delegate* unmanaged<int, byte**, int>)library.Function("cuGetErrorString");
        _init = (delegate* unmanaged<uint, int>)library.Function("cuInit");
        _driverGetVersion = (delegate* unmanaged<int*, int>)library.Function("cuDriverGetVersion");
        _deviceGetCount = (delegate* unmanaged<int*, int>)library.Function("cuDeviceGetCount");
        _deviceGet = (delegate* unmanaged<int*, int, int>)library.Function("cuDeviceGet");
        _deviceGetName = (delegate* unmanaged<byte*, int, int, int>)library.Function("cuDeviceGetName");
        _deviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)library.Function("cuDeviceGetAttribute");
        _devicePrimaryContextRetain = (delegate* unmanaged<nint*, int, int>)library.Function("cuDevicePrimaryCtxRetain");
        _devicePrimaryContextRelease = (delegate* unmanaged<int, int>)library.Function("cuDevicePrimaryCtxRelease_v2");
        _contextSetCurrent = (delegate* unmanaged<nint, int>)library.Function("cuCtxSetCurrent");
        LoadMemory(library);
        LoadStreams(library);
        LoadModules(library);
    }

    /// <summary>Where the library was found.</summary>
    public string Path { get; }

    public void Initialize() => Check(_init(0), "cuInit");

    /// <summary>1000 major + 10 minor of the newest CUDA that the driver serves.</summary>
    public int Version()
    {
        int version;
        Check(_driverGetVersion(&version), "cuDriverGetVersion");
        return version;
    }

    public int DeviceCount()
    {
        int count;
        Check(_deviceGetCount(&count), "cuDeviceGetCount");
        return count;
    }

    public int Device(int ordinal)
    {
        int device;
        Check(_deviceGet(&device, ordinal), "cuDeviceGet");
        return device;
    }

    public string DeviceName(int device)
    {
        const int room = 256;
        byte* name = stackalloc byte[room];
        Check(_deviceGetName(name, room, device), "cuDeviceGetName");
        return Marshal.PtrToStringUTF8((nint)name) ?? "";
    }

    public int DeviceAttribute(int device, DeviceAttribute attribute)
    {
        int value;
        Check(_deviceGetAttribute(&value, (int)attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    public nint RetainPrimaryContext(int device)
    {
        nint context;
        Check(_devicePrimaryContextRetain(&context, device), "cuDevicePrimaryCtxRetain");
        return context;
    }

    public void ReleasePrimaryContext(int device) => Check(_devicePrimaryContextRelease(device), "cuDevicePrimaryCtxRelease");

    public void SetCurrent(nint context) => Check(_contextSetCurrent(context), "cuCtxSetCurrent");

    private void Check(int code, string function)
    {
        if (code != 0)
        {
            throw Failure(code, function);
        }
    }

    private CudaException Failure(int code, string function)
    {
        byte* name = null;
        byte* text = null;
        _getErrorName(code, &name);
        _getErrorString(code, &text);
        return new CudaException(function, code, Marshal.PtrToStringUTF8((nint)name) ?? "an unknown error", Marshal.PtrToStringUTF8((nint)text) ?? "the driver has no text for it");
    }
}
