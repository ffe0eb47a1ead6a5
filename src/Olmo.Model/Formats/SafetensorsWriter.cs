using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Olmo.Data.Files;

namespace Olmo.Model.Formats;

/// <summary>
/// Writes a safetensors file from front to back. The same content gives the same bytes. The file appears at <see cref="Commit"/>, whole and flushed to the
/// device, or not at all.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const int BlockElements = 1 << 14;

    private readonly DurableFile _file;
    private readonly string _path;
    private readonly ImmutableArray<SafetensorsTensor> _tensors;
    private int _current;
    private long _written;

    /// <summary>Starts a file: the header is complete before the data.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <param name="tensors">Names, types and shapes in the order in which they will be written; F32, F64, BF16 and F16 if written as fp32.</param>
    /// <param name="metadata">The file's own texts.</param>
    /// <exception cref="ArgumentException">Two tensors have the same name.</exception>
    public SafetensorsWriter(
        string path,
        IEnumerable<(string Name, SafetensorsType Type, ImmutableArray<long> Shape)> tensors,
        params ReadOnlySpan<KeyValuePair<string, string>> metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("safetensors files are little-endian; this machine is big-endian.");
        }

        SafetensorsHeader header = SafetensorsHeader.Plan(tensors, metadata);
        byte[] bytes = header.ToBytes();
        _path = path;
        _tensors = header.Tensors;
        _file = new DurableFile(path);
        _file.Stream.Write(bytes);
        SkipComplete();
    }

    /// <summary>The tensor whose elements come next; null: all are written.</summary>
    public SafetensorsTensor? Current => _current < _tensors.Length ? _tensors[_current] : null;

    /// <summary>Appends elements of the current tensor, converted to its type (nearest, ties to even).</summary>
    /// <param name="values">At most what the current tensor still lacks.</param>
    /// <exception cref="InvalidOperationException">They are more than that.</exception>
    public void WriteSingles(ReadOnlySpan<float> values)
    {
        SafetensorsType type = Current?.Type ?? SafetensorsType.F32;
        int size = type.SizeBits() / 8;
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockElements * sizeof(double));
        try
        {
            Require((long)values.Length * size);
            while (!values.IsEmpty)
            {
                int count = Math.Min(values.Length, BlockElements);
                Span<byte> bytes = block.AsSpan(0, count * size);
                ElementConversion.FromSingle(type, values[..count], bytes);
                Append(bytes);
                values = values[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Appends elements of the current tensor in their own type.</summary>
    /// <typeparam name="T">A type of the tensor's element size.</typeparam>
    /// <param name="values">At most what the current tensor still lacks.</param>
    /// <exception cref="InvalidOperationException">They are more than that.</exception>
    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        Require(bytes.Length);
        Append(bytes);
    }

    /// <summary>Flushes the file to the device and gives it its name, replacing an older one.</summary>
    /// <exception cref="InvalidOperationException">A tensor is not complete.</exception>
    public void Commit()
    {
        if (Current is SafetensorsTensor tensor)
        {
            throw new InvalidOperationException($"{_path}: tensor '{tensor.Name}' has {_written} of its {tensor.SizeBytes} bytes.");
        }

        _file.Commit();
    }

    /// <summary>Removes what was written unless it was committed.</summary>
    public void Dispose() => _file.Dispose();

    private void Require(long bytes)
    {
        long room = Current is SafetensorsTensor tensor ? tensor.SizeBytes - _written : 0;
        if (bytes > room)
        {
            throw new InvalidOperationException($"{_path}: {bytes} bytes do not fit; tensor '{Current?.Name}' lacks {room}.");
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Stream.Write(bytes);
        _written += bytes.Length;
        SkipComplete();
    }

    private void SkipComplete()
    {
        while (Current is SafetensorsTensor tensor && tensor.SizeBytes == _written)
        {
            _current++;
            _written = 0;
        }
    }
}
