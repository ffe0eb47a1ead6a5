using System.Runtime.CompilerServices;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <content>From handles to addresses, with the checks that every operation makes.</content>
public sealed unsafe partial class CudaProvider
{
    /// <summary>Notes that an operation that writes a tensor was put in line just now: after the launch.</summary>
    private void Changed(in Tensor tensor)
    {
        if (!tensor.IsNone)
        {
            Note(BufferOf(tensor));
        }
    }

    /// <summary>Address of a tensor in rows of any type.</summary>
    private static ulong Address(in Tensor tensor) => tensor.Buffer.IsPacked ? throw Unsuited(tensor, "rows") : AnyAddress(tensor);

    /// <summary>Address of a tensor in rows of one type.</summary>
    private static ulong Address(in Tensor tensor, DType needed) =>
        tensor.DType == needed && !tensor.Buffer.IsPacked ? AnyAddress(tensor) : throw Unsuited(tensor, $"{needed}{(tensor.Buffer.IsPacked ? " in rows" : "")}");

    /// <summary>Address of a tensor that may be left out; 0 for none.</summary>
    private static ulong Optional(in Tensor tensor, DType needed) => tensor.IsNone ? 0 : Address(tensor, needed);

    /// <summary>Address of a packed matrix, which is in rows on this device.</summary>
    private static ulong PackedAddress(in Tensor packed) =>
        packed.DType is DType.F32 or DType.BF16 ? AnyAddress(packed) : throw Unsuited(packed, "F32 or BF16 of a packed weight");

    private static ulong AnyAddress(in Tensor tensor) => tensor.IsSeenAsBFloat16
        ? throw new ArgumentException($"'{tensor.Buffer.Name}' is seen as bf16: only products read it so.")
        : BufferOf(tensor).At(tensor.Offset);

    private static CudaBuffer BufferOf(in Tensor tensor) =>
        tensor.Buffer as CudaBuffer ?? throw new ArgumentException($"'{tensor.Buffer.Name}' is not in the memory of this provider (cuda) but of '{tensor.Buffer.Device}'.");

    /// <summary>"f32" or "bf16", the ending of the kernels for a type.</summary>
    private static string Ending(in Tensor tensor) => tensor.DType switch
    {
        DType.F32 => "f32",
        DType.BF16 => "bf16",
        _ => throw Unsuited(tensor, "F32 or BF16"),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ArgumentException Unsuited(in Tensor tensor, string needed) =>
        new($"'{tensor.Buffer.Name}' is {(tensor.Buffer.IsPacked ? "packed " : "")}{tensor.DType}; {needed} is needed.");
}
