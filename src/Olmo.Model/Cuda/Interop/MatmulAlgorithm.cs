using System.Runtime.CompilerServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>An algorithm of cuBLASLt with its configuration: bytes that only the library reads.</summary>
[InlineArray(Words)]
internal struct MatmulAlgorithm
{
    private const int Words = 8;

    private ulong _word;
}
