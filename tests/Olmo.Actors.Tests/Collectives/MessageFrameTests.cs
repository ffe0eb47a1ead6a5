using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

public sealed class MessageFrameTests
{
    private static readonly byte[] Header = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    private static readonly MessageFrame Frame = new(0x1234, 0x0102030405060708, 99, 9, 1000, PayloadCheck.Own, 0xdeadbeef);

    [Fact]
    public void WriteAndRead_AFrame_GivesItBack()
    {
        byte[] bytes = new byte[100];
        int length = Frame.Write(bytes, Header);

        Assert.Equal(MessageFrame.FixedBytes + 9, length);
        Assert.Equal("OMSG"u8.ToArray(), bytes[..4]);
        Assert.Null(MessageFrame.TryRead(bytes, new MeshSettings(), out MessageFrame read));
        Assert.Equal(Frame, read);
        Assert.True(MessageFrame.IsIntact(bytes, Header));
    }

    [Fact]
    public void IsIntact_AnyFlippedBit_IsFound()
    {
        byte[] bytes = new byte[MessageFrame.FixedBytes + 9];
        Frame.Write(bytes, Header);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(MessageFrame.IsIntact(bytes.AsSpan(0, MessageFrame.FixedBytes), bytes.AsSpan(MessageFrame.FixedBytes)));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(100)]
    [InlineData(4099)]
    public void PayloadChecksum_EqualsItsDefinition(int length)
    {
        byte[] payload = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31))];

        Assert.Equal(Definition(payload), PayloadChecksum.Of(payload));
    }

    [Fact]
    public void PayloadChecksum_AnyFlippedBit_ChangesIt()
    {
        byte[] payload = [.. Enumerable.Range(0, 77).Select(i => (byte)(i * 31))];
        uint whole = PayloadChecksum.Of(payload);
        for (int bit = 0; bit < 8 * payload.Length; bit++)
        {
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(whole, PayloadChecksum.Of(payload));
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    // The docstring's words with the bitwise CRC-32C of RFC 3720, whose check value for "123456789" is e3069283.
    private static uint Definition(byte[] payload)
    {
        Assert.Equal(0xe3069283u, ~Crc(uint.MaxValue, "123456789"u8.ToArray()));
        uint[] lanes = [uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue];
        int whole = payload.Length / 32 * 32;
        for (int i = 0; i < whole; i += 8)
        {
            lanes[i / 8 % 4] = Crc(lanes[i / 8 % 4], payload[i..(i + 8)]);
        }

        lanes[0] = Crc(lanes[0], payload[whole..]);
        return ~Crc(uint.MaxValue, [.. lanes.SelectMany(BitConverter.GetBytes)]);
    }

    private static uint Crc(uint crc, byte[] bytes)
    {
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
            {
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
            }
        }

        return crc;
    }
}
