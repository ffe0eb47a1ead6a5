using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Olmo.Model.Tests.Steps;

/// <summary>A safetensors file read whole, by a few lines that share nothing with the product.</summary>
internal sealed class GoldenTensors(string path)
{
    private readonly byte[] _bytes = File.ReadAllBytes(path);

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Data(name, "F32")).ToArray();

    public double[] Doubles(string name) => MemoryMarshal.Cast<byte, double>(Data(name, "F64")).ToArray();

    public int[] Integers(string name) => MemoryMarshal.Cast<byte, int>(Data(name, "I32")).ToArray();

    private ReadOnlySpan<byte> Data(string name, string dtype)
    {
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes);
        using JsonDocument document = JsonDocument.Parse(_bytes.AsMemory(8, header));
        JsonElement tensor = document.RootElement.GetProperty(name);
        Assert.Equal(dtype, tensor.GetProperty("dtype").GetString());
        int begin = tensor.GetProperty("data_offsets")[0].GetInt32();
        return _bytes.AsSpan(8 + header + begin, tensor.GetProperty("data_offsets")[1].GetInt32() - begin);
    }
}
