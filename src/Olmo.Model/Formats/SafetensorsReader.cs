using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Olmo.Model.Formats;

/// <summary>
/// Reads any range of any tensor of a safetensors file; only the header is kept in memory. Reads from several threads may run at once.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int BlockBytes = 1 << 16;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, SafetensorsTensor> _byName;
    private readonly long _dataStart;

    private SafetensorsReader(string path, SafeFileHandle file, SafetensorsHeader header, long dataStart)
    {
        Path = path;
        _file = file;
        _dataStart = dataStart;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
        _byName = header.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors in the order of their data.</summary>
    public ImmutableArray<SafetensorsTensor> Tensors { get; }

    /// <summary>The file's own texts, in its order; empty where it has none.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>Opens a file, and reads and checks its header against its length.</summary>
    /// <exception cref="SafetensorsFormatException">It is no safetensors file, or is cut.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafetensorsReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("safetensors files are little-endian; this machine is big-endian.");
        }

        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        try
        {
            long length = RandomAccess.GetLength(file);
            byte[] json = ReadJson(file, path, length);
            SafetensorsHeader header = new SafetensorsHeaderParser(path).Parse(json);
            long dataStart = SafetensorsHeader.PrefixBytes + json.LongLength;
            if (length - dataStart != header.DataBytes)
            {
                throw new SafetensorsFormatException(
                    path, null, $"it has {length - dataStart} bytes of data; its header describes {header.DataBytes}.");
            }

            return new SafetensorsReader(path, file, header, dataStart);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor.</summary>
    /// <returns>False: the file has none of this name.</returns>
    public bool TryFind(string name, out SafetensorsTensor tensor)
    {
        bool found = _byName.TryGetValue(name, out SafetensorsTensor? value);
        tensor = value!;
        return found;
    }

    /// <summary>A tensor that must be there.</summary>
    /// <exception cref="SafetensorsFormatException">The file has none of this name.</exception>
    public SafetensorsTensor Find(string name) =>
        _byName.TryGetValue(name, out SafetensorsTensor? tensor) ? tensor : throw new SafetensorsFormatException(Path, name, "is not in the file.");

    /// <summary>Reads elements as fp32: exact for F32, F16, BF16 and integers below 2^24, else rounded once to nearest.</summary>
    /// <param name="tensor">Of this file.</param>
    /// <param name="first">First element.</param>
    /// <param name="values">As many as it holds are read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the tensor.</exception>
    /// <exception cref="SafetensorsFormatException">Elements of this type are no numbers.</exception>
    public void ReadSingles(SafetensorsTensor tensor, long first, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Type == SafetensorsType.F32)
        {
            Require(tensor, first, values.Length, isNumeric: true);
            ReadData(tensor, first * sizeof(float), MemoryMarshal.AsBytes(values));
            return;
        }

        ReadBlocks(tensor, first, values, ElementConversion.ToSingle);
    }

    /// <summary>Reads elements as fp64: exact but for integers of more than 53 bits, which are rounded to nearest.</summary>
    /// <inheritdoc cref="ReadSingles"/>
    public void ReadDoubles(SafetensorsTensor tensor, long first, Span<double> values)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ReadBlocks(tensor, first, values, ElementConversion.ToDouble);
    }

    /// <summary>Reads whole numbers.</summary>
    /// <param name="tensor">Of this file, BOOL, I8 to I64 or U8 to U64.</param>
    /// <param name="first">First element.</param>
    /// <param name="values">As many as it holds are read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the tensor.</exception>
    /// <exception cref="SafetensorsFormatException">Elements of this type are no whole numbers, or one is above 2^63 - 1.</exception>
    public void ReadIntegers(SafetensorsTensor tensor, long first, Span<long> values)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ElementConversion.IsInteger(tensor.Type))
        {
            throw new SafetensorsFormatException(Path, tensor.Name, $"is {tensor.Type.Name()}; whole numbers were expected.");
        }

        try
        {
            ReadBlocks(tensor, first, values, ElementConversion.ToInt64);
        }
        catch (OverflowException e)
        {
            throw new SafetensorsFormatException(Path, tensor.Name, $"holds a number above {long.MaxValue}.", e);
        }
    }

    /// <summary>Reads bytes as they are.</summary>
    /// <param name="tensor">Of this file.</param>
    /// <param name="first">First byte of the tensor.</param>
    /// <param name="bytes">As many as it holds are read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the tensor.</exception>
    public void ReadBytes(SafetensorsTensor tensor, long first, Span<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, tensor.SizeBytes - bytes.Length);
        ReadData(tensor, first, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private delegate void Conversion<T>(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<T> values);

    private static byte[] ReadJson(SafeFileHandle file, string path, long length)
    {
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        if (length < prefix.Length || RandomAccess.Read(file, prefix, 0) < prefix.Length)
        {
            throw new SafetensorsFormatException(path, null, $"it has {length} bytes; a safetensors file has at least {prefix.Length}.");
        }

        ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (bytes > SafetensorsHeader.MaxJsonBytes)
        {
            throw new SafetensorsFormatException(path, null, $"its header has {bytes} bytes; the limit is {SafetensorsHeader.MaxJsonBytes}.");
        }

        if ((long)bytes > length - prefix.Length)
        {
            throw new SafetensorsFormatException(
                path, null, $"its header has {bytes} bytes; only {length - prefix.Length} follow in the file (is it truncated?).");
        }

        byte[] json = new byte[bytes];
        ReadFully(file, path, json, prefix.Length);
        return json;
    }

    private static void ReadFully(SafeFileHandle file, string path, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0)
            {
                throw new SafetensorsFormatException(path, null, $"it ends at byte {offset}; {bytes.Length} more were expected (did it change?).");
            }

            bytes = bytes[read..];
            offset += read;
        }
    }

    private void ReadBlocks<T>(SafetensorsTensor tensor, long first, Span<T> values, Conversion<T> convert)
        where T : unmanaged
    {
        Require(tensor, first, values.Length, ElementConversion.IsNumeric(tensor.Type));
        int size = tensor.Type.SizeBits() / 8;
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            int blockElements = BlockBytes / size;
            for (int done = 0; done < values.Length;)
            {
                int count = Math.Min(blockElements, values.Length - done);
                Span<byte> bytes = block.AsSpan(0, count * size);
                ReadData(tensor, (first + done) * size, bytes);
                convert(tensor.Type, bytes, values.Slice(done, count));
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private void Require(SafetensorsTensor tensor, long first, int count, bool isNumeric)
    {
        if (!isNumeric)
        {
            throw new SafetensorsFormatException(Path, tensor.Name, $"is {tensor.Type.Name()}, whose elements are not read as numbers.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(first);
        if (first > tensor.Elements - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(first), first, $"{count} elements from here on do not lie in the {tensor.Elements} of tensor '{tensor.Name}'.");
        }
    }

    private void ReadData(SafetensorsTensor tensor, long offset, Span<byte> bytes) => ReadFully(_file, Path, bytes, _dataStart + tensor.Begin + offset);
}
