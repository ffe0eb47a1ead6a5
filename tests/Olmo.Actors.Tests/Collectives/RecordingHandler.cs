using System.Collections.Concurrent;
using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>Keeps copies of all messages; a test may run code inside the handler.</summary>
internal sealed class RecordingHandler : IMeshHandler
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<Received> _messages = [];

    public Action<int, ushort>? Inside { get; set; }

    public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        _messages.Add(new Received(peer, kind, header.ToArray(), payload.ToArray()));
        Inside?.Invoke(peer, kind);
    }

    public Received Next() => _messages.TryTake(out Received? message, Patience) ? message : throw new TimeoutException($"no message came in {Patience}");

    internal sealed record Received(int Peer, ushort Kind, byte[] Header, byte[] Payload);
}
