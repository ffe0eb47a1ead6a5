using System.Runtime.InteropServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>cuBLASLt: products of matrices, column-major. Safe for several threads, each with a context that is current.</summary>
internal sealed unsafe partial class CublasLt
{
    private readonly delegate* unmanaged<nuint> _getVersion;
    private readonly delegate* unmanaged<int, byte*> _getStatusName;
    private readonly delegate* unmanaged<int, byte*> _getStatusString;
    private readonly delegate* unmanaged<nint*, int> _create;
    private readonly delegate* unmanaged<nint, int> _destroy;
    private readonly delegate* unmanaged<nint*, int, int, int> _descriptionCreate;
    private readonly delegate* unmanaged<nint, int> _descriptionDestroy;
    private readonly delegate* unmanaged<nint, int, void*, nuint, int> _descriptionSet;
    private readonly delegate* unmanaged<nint*, int, ulong, ulong, long, int> _layoutCreate;
    private readonly delegate* unmanaged<nint, int> _layoutDestroy;
    private readonly delegate* unmanaged<nint*, int> _preferenceCreate;
    private readonly delegate* unmanaged<nint, int> _preferenceDestroy;
    private readonly delegate* unmanaged<nint, int, void*, nuint, int> _preferenceSet;
    private readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, MatmulHeuristic*, int*, int> _getHeuristic;
    private readonly delegate* unmanaged<MatmulAlgorithm*, int, void*, nuint, nuint*, int> _algorithmGet;
    private readonly delegate* unmanaged<nint, nint, void*, ulong, nint, ulong, nint, void*, ulong, nint, ulong, nint, MatmulAlgorithm*, ulong, nuint, nint, int> _matmul;

    /// <summary>Takes the functions of a loaded library.</summary>
    /// <exception cref="CudaNotAvailableException">It is too old.</exception>
    public CublasLt(LoadedLibrary library)
    {
        Path = library.Path;
        _getVersion = (delegate* unmanaged<nuint>)library.Function("cublasLtGetVersion");
        _getStatusName = (delegate* unmanaged<int, byte*>)library.Function("cublasLtGetStatusName");
        _getStatusString = (delegate* unmanaged<int, byte*>)library.Function("cublasLtGetStatusString");
        _create = (delegate* unmanaged<nint*, int>)library.Function("cublasLtCreate");
        _destroy = (delegate* unmanaged<nint, int>)library.Function("cublasLtDestroy");
        _descriptionCreate = (delegate* unmanaged<nint*, int, int, int>)library.Function("cublasLtMatmulDescCreate");
        _descriptionDestroy = (delegate* unmanaged<nint, int>)library.Function("cublasLtMatmulDescDestroy");
        _descriptionSet = (delegate* unmanaged<nint, int, void*, nuint, int>)library.Function("cublasLtMatmulDescSetAttribute");
        _layoutCreate = (delegate* unmanaged<nint*, int, ulong, ulong, long, int>)library.Function("cublasLtMatrixLayoutCreate");
        _layoutDestroy = (delegate* unmanaged<nint, int>)library.Function("cublasLtMatrixLayoutDestroy");
        _preferenceCreate = (delegate* unmanaged<nint*, int>)library.Function("cublasLtMatmulPreferenceCreate");
        _preferenceDestroy = (delegate* unmanaged<nint, int>)library.Function("cublasLtMatmulPreferenceDestroy");
        _preferenceSet = (delegate* unmanaged<nint, int, void*, nuint, int>)library.Function("cublasLtMatmulPreferenceSetAttribute");
        _getHeuristic = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, MatmulHeuristic*, int*, int>)library.Function("cublasLtMatmulAlgoGetHeuristic");
        _algorithmGet = (delegate* unmanaged<MatmulAlgorithm*, int, void*, nuint, nuint*, int>)library.Function("cublasLtMatmulAlgoConfigGetAttribute");
        _matmul = (delegate* unmanaged<nint, nint, void*, ulong, nint, ulong, nint, void*, ulong, nint, ulong, nint, MatmulAlgorithm*, ulong, nuint, nint, int>)
            library.Function("cublasLtMatmul");
    }

    /// <summary>Where the library was found.</summary>
    public string Path { get; }

    /// <summary>Its version, 10000 major + 100 minor + patch.</summary>
    public long Version => checked((long)_getVersion());

    /// <summary>A handle for the current context.</summary>
    public nint Create()
    {
        nint handle;
        Check(_create(&handle), "cublasLtCreate");
        return handle;
    }

    public void Destroy(nint handle) => Check(_destroy(handle), "cublasLtDestroy");

    private void Check(int code, string function)
    {
        if (code != 0)
        {
            throw Failure(code, function);
        }
    }

    private CudaException Failure(int code, string function) => new(
        function, code, Marshal.PtrToStringUTF8((nint)_getStatusName(code)) ?? "an unknown status", Marshal.PtrToStringUTF8((nint)_getStatusString(code)) ?? "the library has no text for it");
}
