using System.Text;
using Olmo.Model.Formats;
using Xunit;

namespace Olmo.Model.Tests.Formats;

public sealed class SafetensorsWriterTests
{
    [Fact]
    public void Commit_TwoTensors_WritesTheBytesOfTheFormat()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.safetensors");
        using (SafetensorsWriter writer = new(
            path, [("a", SafetensorsType.F32, [1, 2]), ("none", SafetensorsType.F32, [0]), ("b", SafetensorsType.BF16, [])], new KeyValuePair<string, string>("format", "pt")))
        {
            writer.WriteSingles([1.0f, 2.0f]);
            writer.WriteSingles([-1.5f]);
            Assert.Null(writer.Current);
            writer.Commit();
        }

        string json = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"none":{"dtype":"F32","shape":[0],"data_offsets":[8,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}""";
        int padded = (json.Length + 7) & ~7;
        byte[] expected =
        [
            .. BitConverter.GetBytes((long)padded),
            .. Encoding.UTF8.GetBytes(json.PadRight(padded)),
            0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0xC0, 0xBF,
        ];
        Assert.Equal(expected, File.ReadAllBytes(path));
        Assert.Equal(["m.safetensors"], folder.Names());
    }

    [Fact]
    public void Dispose_BeforeCommit_LeavesNoFileAndKeepsTheOldOne()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("m.safetensors", "old"u8);
        using (SafetensorsWriter writer = new(path, [("a", SafetensorsType.F32, [2])]))
        {
            writer.WriteSingles([1.0f]);
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(writer.Commit);
            Assert.Contains("tensor 'a' has 4 of its 8 bytes", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["m.safetensors"], folder.Names());
    }

    [Fact]
    public void WriteSingles_MoreThanTheTensorLacks_Throws()
    {
        using TemporaryFolder folder = new();
        using SafetensorsWriter writer = new(folder.File("m.safetensors"), [("a", SafetensorsType.F16, [2]), ("b", SafetensorsType.F16, [9])]);
        Assert.Throws<InvalidOperationException>(() => writer.WriteSingles([1.0f, 2.0f, 3.0f]));
    }

    [Fact]
    public void Constructor_SameNameTwice_Throws()
    {
        using TemporaryFolder folder = new();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => new SafetensorsWriter(folder.File("m.safetensors"), [("a", SafetensorsType.F32, [1]), ("a", SafetensorsType.F32, [1])]));
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Names());
    }

    // Halves of the last place go to the even neighbour; values just above go up.
    [Theory]
    [InlineData(1.0f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // 1 + 2^-8, a tie
    [InlineData(1.01171875f, 0x3F82)] // 1 + 3 * 2^-8, a tie
    [InlineData(1.00390637f, 0x3F81)]
    [InlineData(3.4028235e38f, 0x7F80)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(-0.0f, 0x8000)]
    [InlineData(1e-45f, 0x0000)]
    public void WriteSingles_BFloat16_RoundsToNearestEven(float value, int bits) => Assert.Equal((ushort)bits, Stored(SafetensorsType.BF16, value));

    [Theory]
    [InlineData(1.0f, 0x3C00)]
    [InlineData(1.00048828125f, 0x3C00)] // 1 + 2^-11, a tie
    [InlineData(1.00146484375f, 0x3C02)] // 1 + 3 * 2^-11, a tie
    [InlineData(65504.0f, 0x7BFF)]
    [InlineData(65520.0f, 0x7C00)]
    [InlineData(5.9604645e-8f, 0x0001)]
    [InlineData(-2.0f, 0xC000)]
    public void WriteSingles_Half_RoundsToNearestEven(float value, int bits) => Assert.Equal((ushort)bits, Stored(SafetensorsType.F16, value));

    [Fact]
    public void WriteSingles_NaNWhoseUpperBitsAreZero_StaysNaN()
    {
        float signalling = BitConverter.UInt32BitsToSingle(0x7F800001);
        Assert.True((Stored(SafetensorsType.BF16, signalling) & 0x7F) != 0);
        Assert.True((Stored(SafetensorsType.F16, signalling) & 0x3FF) != 0);
    }

    private static ushort Stored(SafetensorsType type, float value)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.safetensors");
        using (SafetensorsWriter writer = new(path, [("a", type, [1])]))
        {
            writer.WriteSingles([value]);
            writer.Commit();
        }

        byte[] bytes = File.ReadAllBytes(path);
        return BitConverter.ToUInt16(bytes, bytes.Length - 2);
    }
}
