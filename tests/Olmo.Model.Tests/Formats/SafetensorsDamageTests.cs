using System.Buffers.Binary;
using System.Text;
using Olmo.Model.Formats;
using Xunit;

namespace Olmo.Model.Tests.Formats;

/// <summary>Damaged and very large files, made here.</summary>
public sealed class SafetensorsDamageTests
{
    [Fact]
    public void Open_AnyBitOfTheHeaderFlipped_OpensOrGivesTheTypedError()
    {
        using TemporaryFolder folder = new();
        byte[] good = File.ReadAllBytes(Valid(folder));
        int header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(good);
        int refused = 0;
        string path = folder.File("damaged.safetensors");
        for (int bit = 0; bit < 8 * header; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, bad);
            try
            {
                using SafetensorsReader reader = SafetensorsReader.Open(path);
                Assert.Equal(good.Length - header, reader.Tensors.Sum(t => t.SizeBytes));
            }
            catch (SafetensorsFormatException e)
            {
                Assert.Equal(path, e.File);
                refused++;
            }
        }

        // The others change a letter of a name or of the metadata, which nothing but a digest can see.
        Assert.InRange(refused, 4 * header, (8 * header) - 1);
    }

    [Fact]
    public void Open_TruncatedAtAnyByte_GivesTheTypedError()
    {
        using TemporaryFolder folder = new();
        byte[] good = File.ReadAllBytes(Valid(folder));
        for (int length = 0; length < good.Length; length++)
        {
            string path = folder.Write("cut.safetensors", good.AsSpan(0, length));
            Assert.Throws<SafetensorsFormatException>(() => SafetensorsReader.Open(path).Dispose());
        }
    }

    // A sparse file: its holes take no room on the device.
    [Fact]
    public void ReadSingles_BeyondFourGibibytes_FindsTheElements()
    {
        const long Elements = (5L << 30) / sizeof(float);
        string json = $$$"""{"big":{"dtype":"F32","shape":[{{{Elements}}}],"data_offsets":[0,{{{4 * Elements}}}]},"last":{"dtype":"BF16","shape":[2],"data_offsets":[{{{4 * Elements}}},{{{(4 * Elements) + 4}}}]}}""";
        using TemporaryFolder folder = new();
        string path = folder.File("large.safetensors");
        using (FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(BitConverter.GetBytes((long)json.Length));
            stream.Write(Encoding.ASCII.GetBytes(json));
            long data = stream.Position;
            stream.Position = data + (4 * (Elements - 1));
            stream.Write(BitConverter.GetBytes(1.25f));
            stream.Write([0xC0, 0xBF, 0x00, 0x40]);
        }

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        float[] values = new float[2];
        reader.ReadSingles(reader.Find("big"), Elements - 2, values);
        Assert.Equal([0f, 1.25f], values);
        reader.ReadSingles(reader.Find("last"), 0, values);
        Assert.Equal([-1.5f, 2f], values);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadSingles(reader.Find("big"), Elements - 1, values));
    }

    private static string Valid(TemporaryFolder folder)
    {
        string path = folder.File("good.safetensors");
        using SafetensorsWriter writer = new(
            path,
            [("model.norm.weight", SafetensorsType.F32, [3, 5]), ("ids", SafetensorsType.I64, [2]), ("h", SafetensorsType.BF16, [7])],
            KeyValuePair.Create("format", "pt"));
        writer.WriteSingles(new float[15]);
        writer.Write<long>([1, 2]);
        writer.WriteSingles(new float[7]);
        writer.Commit();
        return path;
    }
}
