using System.Numerics;
using System.Runtime.InteropServices;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;

namespace Olmo.Model.Formats;

/// <summary>Between bytes of files and numbers. Files are little-endian, as are all machines that .NET runs on with SIMD.</summary>
internal static class ElementConversion
{
    /// <summary>True if elements of a type can be read as numbers.</summary>
    public static bool IsNumeric(SafetensorsType type) => type is not (SafetensorsType.C64 or SafetensorsType.F4 or SafetensorsType.F6E2M3
        or SafetensorsType.F6E3M2 or SafetensorsType.F8E5M2 or SafetensorsType.F8E4M3 or SafetensorsType.F8E8M0 or SafetensorsType.F8E4M3Fnuz
        or SafetensorsType.F8E5M2Fnuz);

    /// <summary>True if elements of a type are whole numbers.</summary>
    public static bool IsInteger(SafetensorsType type) => IsNumeric(type)
        && type is not (SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32 or SafetensorsType.F64);

    /// <summary>The elements as fp32: exact for F32, F16, BF16 and integers below 2^24, else rounded once to nearest.</summary>
    public static void ToSingle(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case SafetensorsType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case SafetensorsType.F64:
                Convert<double, float>(bytes, values, static v => (float)v);
                break;
            case SafetensorsType.F16:
                Convert<Half, float>(bytes, values, static v => (float)v);
                break;
            case SafetensorsType.BF16:
                WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes), MemoryMarshal.Cast<float, uint>(values));
                break;
            case SafetensorsType.U64:
                Convert<ulong, float>(bytes, values, static v => v);
                break;
            default:
                ToInteger<float>(type, bytes, values, static v => v);
                break;
        }
    }

    /// <summary>The elements as fp64: exact but for integers of more than 53 bits, which are rounded to nearest.</summary>
    public static void ToDouble(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<double> values)
    {
        switch (type)
        {
            case SafetensorsType.F32:
                Convert<float, double>(bytes, values, static v => v);
                break;
            case SafetensorsType.F64:
                MemoryMarshal.Cast<byte, double>(bytes).CopyTo(values);
                break;
            case SafetensorsType.F16:
                Convert<Half, double>(bytes, values, static v => (double)v);
                break;
            case SafetensorsType.BF16:
                Convert<ushort, double>(bytes, values, static v => BFloat16.Widen(v));
                break;
            case SafetensorsType.U64:
                Convert<ulong, double>(bytes, values, static v => v);
                break;
            default:
                ToInteger<double>(type, bytes, values, static v => v);
                break;
        }
    }

    /// <summary>The elements as integers.</summary>
    /// <exception cref="OverflowException">An unsigned 64-bit number does not fit.</exception>
    public static void ToInt64(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<long> values)
    {
        if (type == SafetensorsType.U64)
        {
            Convert<ulong, long>(bytes, values, static v => checked((long)v));
        }
        else
        {
            ToInteger<long>(type, bytes, values, static v => v);
        }
    }

    /// <summary>fp32 numbers as F32, F64, BF16 or F16, rounded to nearest, ties to even; NaN stays NaN.</summary>
    public static void FromSingle(SafetensorsType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        switch (type)
        {
            case SafetensorsType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case SafetensorsType.F64:
                Convert<float, double>(MemoryMarshal.AsBytes(values), MemoryMarshal.Cast<byte, double>(bytes), static v => v);
                break;
            case SafetensorsType.F16:
                Convert<float, Half>(MemoryMarshal.AsBytes(values), MemoryMarshal.Cast<byte, Half>(bytes), static v => (Half)v);
                break;
            case SafetensorsType.BF16:
                RoundToBFloat16(values, MemoryMarshal.Cast<byte, ushort>(bytes));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "fp32 numbers are written as F32, F64, BF16 or F16.");
        }
    }

    // Most published weights are BF16, so this one loop is wide. It only moves bits.
    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<uint> bits)
    {
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }

    private static unsafe void RoundToBFloat16(ReadOnlySpan<float> values, Span<ushort> patterns)
    {
        fixed (float* x = values)
        {
            fixed (ushort* stored = patterns[..values.Length])
            {
                Rounding.ToBFloat16(SimdWidths.Best, x, null, stored, 0, values.Length);
            }
        }
    }

    private static void ToInteger<T>(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<T> values, Func<long, T> widen)
        where T : unmanaged
    {
        switch (type)
        {
            case SafetensorsType.Bool:
            case SafetensorsType.U8:
                Convert<byte, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.I8:
                Convert<sbyte, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.I16:
                Convert<short, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.U16:
                Convert<ushort, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.I32:
                Convert<int, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.U32:
                Convert<uint, T>(bytes, values, v => widen(v));
                break;
            case SafetensorsType.I64:
                Convert<long, T>(bytes, values, widen);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Elements of this type are no whole numbers.");
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<byte> bytes, Span<TTo> values, Func<TFrom, TTo> widen)
        where TFrom : unmanaged
    {
        ReadOnlySpan<TFrom> source = MemoryMarshal.Cast<byte, TFrom>(bytes);
        for (int i = 0; i < source.Length; i++)
        {
            values[i] = widen(source[i]);
        }
    }
}
