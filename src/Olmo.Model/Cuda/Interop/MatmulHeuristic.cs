using System.Runtime.InteropServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>An algorithm that cuBLASLt proposes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MatmulHeuristic
{
    /// <summary>What is proposed.</summary>
    public MatmulAlgorithm Algorithm;

    /// <summary>Scratch memory that it uses, bytes.</summary>
    public nuint WorkspaceBytes;

    /// <summary>0: the rest is valid.</summary>
    public int State;

    /// <summary>Times that the device is filled.</summary>
    public float Waves;

    private readonly ulong _reserved1;
    private readonly ulong _reserved2;
}
