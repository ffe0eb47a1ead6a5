using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Olmo.Actors.Links;

/// <summary>
/// Mutual proof that both sides know the secret, without sending it: each signs both nonces, the endpoint's name and incarnation and the protocol version by HMAC-SHA256, and
/// the roles sign different texts, so that a proof cannot be sent back.
/// </summary>
internal static class LinkHandshake
{
    private const int NonceBytes = 32;
    private const int ProofBytes = 32;
    private const int MaxBytes = 512;
    private const int MaxNameBytes = 128;
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-"u8);

    private static ReadOnlySpan<byte> Magic => "OLML"u8;

    /// <summary>The endpoint's side, on a fresh connection.</summary>
    /// <exception cref="LinkException">Refused, another version, or the hub does not know the secret.</exception>
    public static void Join(Stream stream, ReadOnlySpan<byte> secret, string name, long incarnation, FillRandom random)
    {
        byte[] nonce = Nonce(random);
        byte[] identity = Identity(name, incarnation, nonce);
        stream.Write(LinkFrame.Encode(LinkFrameKind.Hello, identity));
        byte[] challenge = Expect(stream, LinkFrameKind.Challenge, NonceBytes + ProofBytes);
        ReadOnlySpan<byte> theirs = challenge.AsSpan(0, NonceBytes);
        if (!CryptographicOperations.FixedTimeEquals(Proof(secret, "hub"u8, identity, theirs), challenge.AsSpan(NonceBytes)))
        {
            throw new LinkException("the hub does not know the secret of this node");
        }

        stream.Write(LinkFrame.Encode(LinkFrameKind.Proof, Proof(secret, "endpoint"u8, identity, theirs)));
        Expect(stream, LinkFrameKind.Welcome, 0);
    }

    /// <summary>The hub's side up to the peer's proof; the caller answers by <see cref="Welcome"/> or <see cref="Refuse"/>.</summary>
    /// <exception cref="LinkException">No endpoint of this protocol, or it does not know the secret; it was told so.</exception>
    public static (string Name, long Incarnation) Accept(Stream stream, ReadOnlySpan<byte> secret, FillRandom random)
    {
        (LinkFrameKind kind, byte[] hello) = LinkFrame.Read(stream, MaxBytes);
        if (kind != LinkFrameKind.Hello || hello.Length < 16 + NonceBytes || !hello.AsSpan(0, 4).SequenceEqual(Magic))
        {
            throw Refused(stream, "no handshake of a control link");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(4));
        if (version != LinkSettings.ProtocolVersion)
        {
            throw Refused(stream, $"protocol version {version}, this node speaks {LinkSettings.ProtocolVersion}");
        }

        long incarnation = BinaryPrimitives.ReadInt64LittleEndian(hello.AsSpan(8));
        ReadOnlySpan<byte> name = hello.AsSpan(16 + NonceBytes);
        if (name.IsEmpty || name.Length > MaxNameBytes || name.ContainsAnyExcept(NameBytes))
        {
            throw Refused(stream, "an endpoint's name is 1 to 128 of a-z, 0-9 and '-'");
        }

        byte[] nonce = Nonce(random);
        stream.Write(LinkFrame.Encode(LinkFrameKind.Challenge, [.. nonce, .. Proof(secret, "hub"u8, hello, nonce)]));
        byte[] proof = Expect(stream, LinkFrameKind.Proof, ProofBytes);
        if (!CryptographicOperations.FixedTimeEquals(Proof(secret, "endpoint"u8, hello, nonce), proof))
        {
            throw Refused(stream, "the endpoint does not know the secret of this node");
        }

        return (Encoding.ASCII.GetString(name), incarnation);
    }

    /// <summary>The link stands.</summary>
    public static void Welcome(Stream stream) => stream.Write(LinkFrame.Encode(LinkFrameKind.Welcome, []));

    /// <summary>Tells the peer why there is no link.</summary>
    public static void Refuse(Stream stream, string reason) => stream.Write(LinkFrame.Encode(LinkFrameKind.Refused, Encoding.UTF8.GetBytes(reason)));

    private static LinkException Refused(Stream stream, string reason)
    {
        Refuse(stream, reason);
        return new LinkException(reason);
    }

    private static byte[] Expect(Stream stream, LinkFrameKind expected, int length)
    {
        (LinkFrameKind kind, byte[] payload) = LinkFrame.Read(stream, MaxBytes);
        return kind == LinkFrameKind.Refused ? throw new LinkException($"refused: {Encoding.UTF8.GetString(payload)}")
            : kind != expected || payload.Length != length ? throw new LinkException($"{kind} of {payload.Length} bytes in a handshake, expected {expected} of {length}")
            : payload;
    }

    // Magic, version, incarnation, nonce, name: the hello frame itself is what both sides sign.
    private static byte[] Identity(string name, long incarnation, byte[] nonce)
    {
        byte[] identity = new byte[16 + NonceBytes + Encoding.ASCII.GetByteCount(name)];
        Magic.CopyTo(identity);
        BinaryPrimitives.WriteInt32LittleEndian(identity.AsSpan(4), LinkSettings.ProtocolVersion);
        BinaryPrimitives.WriteInt64LittleEndian(identity.AsSpan(8), incarnation);
        nonce.CopyTo(identity, 16);
        Encoding.ASCII.GetBytes(name, identity.AsSpan(16 + NonceBytes));
        return identity;
    }

    private static byte[] Nonce(FillRandom random)
    {
        byte[] nonce = new byte[NonceBytes];
        random(nonce);
        return nonce;
    }

    private static byte[] Proof(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> role, ReadOnlySpan<byte> identity, ReadOnlySpan<byte> hubNonce) =>
        HMACSHA256.HashData(secret, (byte[])[.. role, 0, .. hubNonce, .. identity]);
}
