using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Olmo.Actors.Collectives;

/// <summary>
/// The messages that open a connection: all of fixed size, so that a stranger's bytes decide no length. Little-endian; each starts with u32 magic "OHSK", u16 version, u16 kind.
/// <code>
/// hello     1  8 i64 generation   16 i32 from   20 i32 to   24 SHA-256 of the run's name   56 32 random bytes     88 bytes
/// challenge 2  8 32 random bytes  40 HMAC-SHA256(secret, "acceptor" + hello + random)                             72 bytes
/// proof     3  8 HMAC-SHA256(secret, "dialer  " + hello + random of the challenge)                                40 bytes
/// accept    4                                                                                                      8 bytes
/// refusal   5  8 i32 reason       12 i32 0      16 i64 detail                                                     24 bytes
/// </code>
/// Both sides prove the secret over both random numbers and over everything that the connection is for; neither proof can be reflected as the other's.
/// </summary>
internal static class Handshake
{
    public const uint Magic = 0x4B53484F;
    public const ushort Version = 1;

    public const int HelloBytes = 88;
    public const int ChallengeBytes = 72;
    public const int ProofBytes = 40;
    public const int AcceptBytes = 8;
    public const int RefusalBytes = 24;

    private const int PrefixBytes = 8;
    private const int NonceBytes = 32;
    private const int MacBytes = 32;

    /// <summary>Kinds of messages.</summary>
    internal enum Kind : ushort
    {
        Hello = 1,
        Challenge = 2,
        Proof = 3,
        Accept = 4,
        Refusal = 5,
    }

    public static void WriteHello(Span<byte> hello, MeshIdentity identity, int to)
    {
        Prefix(hello, Kind.Hello);
        BinaryPrimitives.WriteInt64LittleEndian(hello[8..], identity.Generation);
        BinaryPrimitives.WriteInt32LittleEndian(hello[16..], identity.Self);
        BinaryPrimitives.WriteInt32LittleEndian(hello[20..], to);
        RunDigest(identity.Run, hello.Slice(24, 32));
        RandomNumberGenerator.Fill(hello.Slice(56, NonceBytes)); // a nonce must be unpredictable; it decides nothing else
    }

    public static long GenerationOf(ReadOnlySpan<byte> hello) => BinaryPrimitives.ReadInt64LittleEndian(hello[8..]);

    public static int FromOf(ReadOnlySpan<byte> hello) => BinaryPrimitives.ReadInt32LittleEndian(hello[16..]);

    public static int ToOf(ReadOnlySpan<byte> hello) => BinaryPrimitives.ReadInt32LittleEndian(hello[20..]);

    public static bool IsForRun(ReadOnlySpan<byte> hello, string run)
    {
        Span<byte> digest = stackalloc byte[32];
        RunDigest(run, digest);
        return digest.SequenceEqual(hello.Slice(24, 32));
    }

    /// <summary>What is wrong with the first bytes of a message, if anything.</summary>
    public static RefusalReason? CheckPrefix(ReadOnlySpan<byte> message, Kind kind) =>
        BinaryPrimitives.ReadUInt32LittleEndian(message) != Magic ? RefusalReason.Protocol
        : BinaryPrimitives.ReadUInt16LittleEndian(message[4..]) != Version ? RefusalReason.Version
        : BinaryPrimitives.ReadUInt16LittleEndian(message[6..]) != (ushort)kind ? RefusalReason.Protocol
        : null;

    /// <summary>The dialer's side.</summary>
    /// <exception cref="HandshakeException">Refused, or the other side does not know the secret.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static void Dial(Socket socket, MeshIdentity identity, int to)
    {
        Span<byte> hello = stackalloc byte[HelloBytes];
        WriteHello(hello, identity, to);
        Send(socket, hello);
        Span<byte> challenge = stackalloc byte[ChallengeBytes];
        ReadAnswer(socket, challenge, Kind.Challenge, to);
        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(identity.Secret.Span, "acceptor"u8, hello, challenge.Slice(8, NonceBytes), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, challenge.Slice(40, MacBytes)))
        {
            throw new HandshakeException(RefusalReason.Secret, $"position {to} does not know the secret of generation {identity.Generation}");
        }

        Span<byte> proof = stackalloc byte[ProofBytes];
        Prefix(proof, Kind.Proof);
        Mac(identity.Secret.Span, "dialer  "u8, hello, challenge.Slice(8, NonceBytes), proof[8..]);
        Send(socket, proof);
        Span<byte> accept = stackalloc byte[AcceptBytes];
        ReadAnswer(socket, accept, Kind.Accept, to);
    }

    /// <summary>The acceptor's side after it has read and checked the hello, up to the dialer's proof.</summary>
    /// <returns>True where the dialer knows the secret.</returns>
    public static bool Challenge(Socket socket, MeshIdentity identity, ReadOnlySpan<byte> hello)
    {
        Span<byte> challenge = stackalloc byte[ChallengeBytes];
        Prefix(challenge, Kind.Challenge);
        RandomNumberGenerator.Fill(challenge.Slice(8, NonceBytes));
        Mac(identity.Secret.Span, "acceptor"u8, hello, challenge.Slice(8, NonceBytes), challenge.Slice(40, MacBytes));
        Send(socket, challenge);
        Span<byte> proof = stackalloc byte[ProofBytes];
        Receive(socket, proof);
        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(identity.Secret.Span, "dialer  "u8, hello, challenge.Slice(8, NonceBytes), mac);
        return CheckPrefix(proof, Kind.Proof) is null && CryptographicOperations.FixedTimeEquals(mac, proof.Slice(8, MacBytes));
    }

    public static void Accept(Socket socket)
    {
        Span<byte> accept = stackalloc byte[AcceptBytes];
        Prefix(accept, Kind.Accept);
        Send(socket, accept);
    }

    /// <summary>Tells why, as far as the connection still takes it.</summary>
    public static void Refuse(Socket socket, RefusalReason reason, long detail)
    {
        Span<byte> refusal = stackalloc byte[RefusalBytes];
        refusal.Clear();
        Prefix(refusal, Kind.Refusal);
        BinaryPrimitives.WriteInt32LittleEndian(refusal[8..], (int)reason);
        BinaryPrimitives.WriteInt64LittleEndian(refusal[16..], detail);
        socket.Send(refusal, SocketFlags.None, out _);
    }

    /// <exception cref="IOException">The connection ended.</exception>
    public static void Receive(Socket socket, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = socket.Receive(destination, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success || count == 0)
            {
                throw new IOException(error == SocketError.Success ? "the connection ended inside the handshake" : new SocketException((int)error).Message);
            }

            destination = destination[count..];
        }
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        // Fewer bytes than any socket's buffer holds: one call takes them all.
        int sent = socket.Send(bytes, SocketFlags.None, out SocketError error);
        if (error != SocketError.Success || sent != bytes.Length)
        {
            throw new IOException(error == SocketError.Success ? "the connection took a part of a handshake message" : new SocketException((int)error).Message);
        }
    }

    private static void ReadAnswer(Socket socket, Span<byte> message, Kind kind, int to)
    {
        Receive(socket, message[..PrefixBytes]);
        if (CheckPrefix(message, Kind.Refusal) is null)
        {
            Span<byte> refusal = stackalloc byte[RefusalBytes - PrefixBytes];
            Receive(socket, refusal);
            RefusalReason refused = (RefusalReason)BinaryPrimitives.ReadInt32LittleEndian(refusal);
            long detail = BinaryPrimitives.ReadInt64LittleEndian(refusal[8..]);
            throw new HandshakeException(refused, $"position {to} refused the connection: {refused} ({detail})");
        }

        if (CheckPrefix(message, kind) is { } wrong)
        {
            throw new HandshakeException(wrong, $"position {to} answered {Convert.ToHexStringLower(message[..PrefixBytes])} instead of a {kind} of version {Version}");
        }

        Receive(socket, message[PrefixBytes..]);
    }

    private static void Prefix(Span<byte> message, Kind kind)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)kind);
    }

    private static void RunDigest(string run, Span<byte> destination) => SHA256.HashData(Encoding.UTF8.GetBytes(run), destination);

    private static void Mac(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> role, ReadOnlySpan<byte> hello, ReadOnlySpan<byte> nonce, Span<byte> destination)
    {
        Span<byte> message = stackalloc byte[8 + HelloBytes + NonceBytes];
        role.CopyTo(message);
        hello.CopyTo(message[8..]);
        nonce.CopyTo(message[(8 + HelloBytes)..]);
        HMACSHA256.HashData(secret, message, destination);
    }
}
