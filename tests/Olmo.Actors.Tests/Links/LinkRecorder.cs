using System.Collections.Concurrent;
using System.Text;
using Olmo.Actors.Links;

namespace Olmo.Actors.Tests.Links;

/// <summary>Keeps what a link says for a test to take; every wait ends. Its queues are not disposed: a thread of a link may still tell when the test is over.</summary>
internal sealed class LinkRecorder : ILinkReceiver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public BlockingCollection<LinkEnvelope> Envelopes { get; } = [];

    public BlockingCollection<object> Presence { get; } = [];

    public BlockingCollection<(LinkEnvelope Envelope, string Reason)> Dropped { get; } = [];

    public void OnEnvelope(LinkEnvelope envelope) => Envelopes.Add(envelope);

    public void OnPresence(object change) => Presence.Add(change);

    public void OnDropped(LinkEnvelope envelope, string reason) => Dropped.Add((envelope, reason));

    public static T Take<T>(BlockingCollection<T> from) => from.TryTake(out T? item, Patience) ? item : throw new TimeoutException($"no {typeof(T).Name} came");

    /// <summary>The next change of presence of a kind; others are passed over.</summary>
    public T Next<T>()
    {
        while (true)
        {
            if (Take(Presence) is T found)
            {
                return found;
            }
        }
    }

    public static LinkEnvelope Text(string to, string from, string body) => new(to, from, "test.text:1", Encoding.UTF8.GetBytes(body));

    public static string TextOf(LinkEnvelope envelope) => Encoding.UTF8.GetString(envelope.Body.Span);
}
