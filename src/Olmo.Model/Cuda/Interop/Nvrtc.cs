using System.Runtime.InteropServices;
using System.Text;

namespace Olmo.Model.Cuda.Interop;

/// <summary>CUDA's compiler as a library. Safe for several threads.</summary>
internal sealed unsafe class Nvrtc
{
    private const int CompilationError = 6;

    private readonly delegate* unmanaged<int, byte*> _getErrorString;
    private readonly delegate* unmanaged<int*, int*, int> _version;
    private readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> _createProgram;
    private readonly delegate* unmanaged<nint*, int> _destroyProgram;
    private readonly delegate* unmanaged<nint, int, byte**, int> _compileProgram;
    private readonly delegate* unmanaged<nint, nuint*, int> _getCubinSize;
    private readonly delegate* unmanaged<nint, byte*, int> _getCubin;
    private readonly delegate* unmanaged<nint, nuint*, int> _getLogSize;
    private readonly delegate* unmanaged<nint, byte*, int> _getLog;

    /// <summary>Takes the functions of a loaded compiler.</summary>
    /// <exception cref="CudaNotAvailableException">It is too old.</exception>
    public Nvrtc(LoadedLibrary library)
    {
        Path = library.Path;
        _getErrorString = (delegate* unmanaged<int, byte*>)library.Function("nvrtcGetErrorString");
        _version = (delegate* unmanaged<int*, int*, int>)library.Function("nvrtcVersion");
        _createProgram = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)library.Function("nvrtcCreateProgram");
        _destroyProgram = (delegate* unmanaged<nint*, int>)library.Function("nvrtcDestroyProgram");
        _compileProgram = (delegate* unmanaged<nint, int, byte**, int>)library.Function("nvrtcCompileProgram");
        _getCubinSize = (delegate* unmanaged<nint, nuint*, int>)library.Function("nvrtcGetCUBINSize");
        _getCubin = (delegate* unmanaged<nint, byte*, int>)library.Function("nvrtcGetCUBIN");
        _getLogSize = (delegate* unmanaged<nint, nuint*, int>)library.Function("nvrtcGetProgramLogSize");
        _getLog = (delegate* unmanaged<nint, byte*, int>)library.Function("nvrtcGetProgramLog");
        int major;
        int minor;
        Check(_version(&major, &minor), "nvrtcVersion");
        Version = new Version(major, minor);
    }

    /// <summary>Where the library was found.</summary>
    public string Path { get; }

    /// <summary>Version of CUDA that it is part of.</summary>
    public Version Version { get; }

    /// <summary>Compiles a program to machine code.</summary>
    /// <param name="name">Name of the file, for messages.</param>
    /// <param name="text">The program.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="CudaException">It does not compile; the message has the compiler's log.</exception>
    public byte[] Compile(string name, string text, IReadOnlyList<string> options)
    {
        nint program;
        fixed (byte* source = Terminated(text), file = Terminated(name))
        {
            Check(_createProgram(&program, source, file, 0, null, null), "nvrtcCreateProgram");
        }

        try
        {
            int code = CompileProgram(program, options);
            if (code != 0)
            {
                throw Failure(code, $"nvrtcCompileProgram of '{name}' ({string.Join(' ', options)})", code == CompilationError ? Log(program) : null);
            }

            nuint size;
            Check(_getCubinSize(program, &size), "nvrtcGetCUBINSize");
            byte[] machineCode = new byte[checked((int)size)];
            fixed (byte* p = machineCode)
            {
                Check(_getCubin(program, p), "nvrtcGetCUBIN");
            }

            return machineCode;
        }
        finally
        {
            _destroyProgram(&program);
        }
    }

    private int CompileProgram(nint program, IReadOnlyList<string> options)
    {
        byte** texts = stackalloc byte*[options.Count + 1];
        try
        {
            for (int i = 0; i < options.Count; i++)
            {
                texts[i] = (byte*)Marshal.StringToCoTaskMemUTF8(options[i]);
            }

            return _compileProgram(program, options.Count, texts);
        }
        finally
        {
            for (int i = 0; i < options.Count; i++)
            {
                Marshal.FreeCoTaskMem((nint)texts[i]);
            }
        }
    }

    private string Log(nint program)
    {
        nuint size;
        Check(_getLogSize(program, &size), "nvrtcGetProgramLogSize");
        byte[] log = new byte[checked((int)size) + 1];
        fixed (byte* p = log)
        {
            Check(_getLog(program, p), "nvrtcGetProgramLog");
        }

        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private void Check(int code, string function)
    {
        if (code != 0)
        {
            throw Failure(code, function, null);
        }
    }

    private CudaException Failure(int code, string function, string? text)
    {
        string name = Marshal.PtrToStringUTF8((nint)_getErrorString(code)) ?? "an unknown error";
        return new CudaException(function, code, name, text ?? "the compiler says no more");
    }

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
