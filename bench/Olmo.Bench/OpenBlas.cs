using System.Runtime.InteropServices;

namespace Olmo.Bench;

/// <summary>sgemm of the system's OpenBLAS, if it has one, to measure against.</summary>
internal sealed unsafe class OpenBlas
{
    private const int RowMajor = 101; // CblasRowMajor
    private const int NoTranspose = 111; // CblasNoTrans
    private const int Transpose = 112; // CblasTrans

    private readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;
    private readonly delegate* unmanaged[Cdecl]<int, void> _setThreads;

    private OpenBlas(nint library)
    {
        _sgemm = (delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(library, "cblas_sgemm");
        _setThreads = (delegate* unmanaged[Cdecl]<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads");
        Core = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(library, "openblas_get_corename"))()) ?? "";
        Configuration = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(library, "openblas_get_config"))()) ?? "";
    }

    /// <summary>Name of the kernels that it chose for this processor.</summary>
    public string Core { get; }

    /// <summary>Version and build options.</summary>
    public string Configuration { get; }

    /// <summary>The library, or null where it is not installed.</summary>
    public static OpenBlas? TryLoad() => NativeLibrary.TryLoad("libopenblas.so.0", out nint library) ? new OpenBlas(library) : null;

    /// <summary>Threads of the following calls.</summary>
    public void SetThreads(int threads) => _setThreads(threads);

    /// <summary>The same multiplication as <see cref="GemmCase"/> describes.</summary>
    public void Multiply(in GemmCase shape, float* a, float* b, float* c)
    {
        int m = (int)shape.M;
        int n = (int)shape.N;
        int k = (int)shape.K;
        float beta = shape.Accumulate ? 1f : 0f;
        switch (shape.Form)
        {
            case "Nt":
                _sgemm(RowMajor, NoTranspose, Transpose, m, n, k, 1f, a, k, b, k, beta, c, n);
                break;
            case "Nn":
                _sgemm(RowMajor, NoTranspose, NoTranspose, m, n, k, 1f, a, k, b, n, beta, c, n);
                break;
            default:
                _sgemm(RowMajor, Transpose, NoTranspose, m, n, k, 1f, a, m, b, n, beta, c, n);
                break;
        }
    }
}
