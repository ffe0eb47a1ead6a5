using System.Text.Json;
using Olmo.Actors.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Actors.Tests.Runs;

/// <summary>The project's contracts as a codec.</summary>
internal sealed class ContractCodec : IEventCodec
{
    public (string Manifest, byte[] Payload) Encode(object value)
    {
        JournalContract contract = JournalContracts.All.FirstOrDefault(c => c.Json.Type == value.GetType())
            ?? throw new ArgumentException($"{value.GetType()} has no contract");
        return ($"{contract.Name}:{contract.Version}", JsonSerializer.SerializeToUtf8Bytes(value, contract.Json));
    }

    public object Decode(string manifest, ReadOnlyMemory<byte> payload)
    {
        JournalContract contract = JournalContracts.All.FirstOrDefault(c => $"{c.Name}:{c.Version}" == manifest) ?? throw new UnknownManifestException(manifest);
        return JsonSerializer.Deserialize(payload.Span, contract.Json)!;
    }
}
