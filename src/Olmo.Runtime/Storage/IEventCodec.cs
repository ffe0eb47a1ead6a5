namespace Olmo.Runtime.Storage;

/// <summary>Turns events and snapshots into what is stored and back: only types of an explicit list, each under a name and version.</summary>
public interface IEventCodec
{
    /// <summary>The stored form.</summary>
    /// <exception cref="ArgumentException">The type is not in the list: the event is rejected before anything is written.</exception>
    (string Manifest, byte[] Payload) Encode(object value);

    /// <summary>The value of a stored form, brought up to the newest version.</summary>
    /// <exception cref="UnknownManifestException">The manifest is not in the list: it is never skipped.</exception>
    object Decode(string manifest, ReadOnlyMemory<byte> payload);
}
