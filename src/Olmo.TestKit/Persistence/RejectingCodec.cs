using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence.TestKit;

/// <summary>A codec around another that refuses what matches: the event is rejected before anything is written.</summary>
/// <param name="inner">The codec.</param>
/// <param name="rejects">Whether a value is refused.</param>
public sealed class RejectingCodec(IEventCodec inner, Func<object, bool> rejects) : IEventCodec
{
    public (string Manifest, byte[] Payload) Encode(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return rejects(value) ? throw new ArgumentException("rejected by a test", nameof(value)) : inner.Encode(value);
    }

    public object Decode(string manifest, ReadOnlyMemory<byte> payload) => inner.Decode(manifest, payload);
}
