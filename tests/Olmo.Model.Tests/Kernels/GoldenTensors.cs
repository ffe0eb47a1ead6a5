using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Olmo.Model.Tests.Kernels;

/// <summary>A small safetensors file of reference values, read whole. Independent of the product's reader on purpose.</summary>
internal sealed class GoldenTensors
{
    private readonly byte[] _bytes;
    private readonly JsonElement _header;
    private readonly int _start;

    public GoldenTensors(string path)
    {
        _bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes);
        _header = JsonDocument.Parse(_bytes.AsMemory(8, length)).RootElement;
        _start = 8 + length;
    }

    public bool Has(string name) => _header.TryGetProperty(name, out _);

    public int[] Shape(string name) => [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];

    public Pinned<float> Floats(string name) => new(Of<float>(name, "F32"));

    public ushort[] BFloat16s(string name) => Of<ushort>(name, "BF16").ToArray();

    public Pinned<int> Ints(string name) =>
        Type(name) == "I64" ? new(Of<long>(name, "I64").ToArray().Select(v => checked((int)v)).ToArray()) : new(Of<int>(name, "I32"));

    /// <summary>Values of an F64 or F32 tensor.</summary>
    public double[] Doubles(string name) =>
        Type(name) == "F64" ? Of<double>(name, "F64").ToArray() : [.. Of<float>(name, "F32").ToArray().Select(v => (double)v)];

    private string Type(string name) => _header.GetProperty(name).GetProperty("dtype").GetString()!;

    private ReadOnlySpan<T> Of<T>(string name, string type)
        where T : unmanaged
    {
        Assert.Equal(type, Type(name));
        JsonElement offsets = _header.GetProperty(name).GetProperty("data_offsets");
        int begin = offsets[0].GetInt32();
        return MemoryMarshal.Cast<byte, T>(_bytes.AsSpan(_start + begin, offsets[1].GetInt32() - begin));
    }
}
