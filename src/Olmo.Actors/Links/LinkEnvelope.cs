using System.Buffers.Binary;
using System.Text;

namespace Olmo.Actors.Links;

/// <summary>A message between processes. Bytes on the wire: docs/formats/links.md.</summary>
/// <param name="To">Address of the receiver: endpoint and path, as <c>coordinator/user/run</c>.</param>
/// <param name="From">Address of the sender; the endpoint alone where there is none.</param>
/// <param name="Manifest">Contract and version of the body, as <c>rank.train:1</c>.</param>
/// <param name="Body">JSON.</param>
public sealed record LinkEnvelope(string To, string From, string Manifest, ReadOnlyMemory<byte> Body)
{
    /// <summary>The endpoint of an address: what stands before the first slash.</summary>
    public static string EndpointOf(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        int slash = address.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? address : address[..slash];
    }

    /// <summary>The bytes.</summary>
    internal byte[] ToBytes()
    {
        byte[] to = Encoding.UTF8.GetBytes(To), from = Encoding.UTF8.GetBytes(From), manifest = Encoding.UTF8.GetBytes(Manifest);
        byte[] bytes = new byte[6 + to.Length + from.Length + manifest.Length + Body.Length];
        int at = 0;
        foreach (byte[] text in (ReadOnlySpan<byte[]>)[to, from, manifest])
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), checked((ushort)text.Length));
            text.CopyTo(bytes, at + 2);
            at += 2 + text.Length;
        }

        Body.Span.CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    /// <summary>Reads <see cref="ToBytes"/>; the body is a view of <paramref name="bytes"/>.</summary>
    /// <exception cref="LinkException">The bytes end inside a field.</exception>
    internal static LinkEnvelope FromBytes(ReadOnlyMemory<byte> bytes)
    {
        int at = 0;
        string to = Text(bytes.Span, ref at), from = Text(bytes.Span, ref at), manifest = Text(bytes.Span, ref at);
        return new LinkEnvelope(to, from, manifest, bytes[at..]);
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (bytes.Length - at < 2 || bytes.Length - at - 2 < BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]))
        {
            throw new LinkException($"an envelope of {bytes.Length} bytes ends inside a field");
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
        string text = Encoding.UTF8.GetString(bytes.Slice(at + 2, length));
        at += 2 + length;
        return text;
    }
}
