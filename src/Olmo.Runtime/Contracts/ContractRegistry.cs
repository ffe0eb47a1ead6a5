using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Contracts;

/// <summary>
/// The explicit list of everything that may be stored or sent. Types are found by their manifest alone: no text can name a type that is not in the list. The journal tolerates
/// unknown members (an older program reads what a newer one wrote); messages from other nodes do not.
/// </summary>
public sealed class ContractRegistry : IEventCodec
{
    private const int MaxDepth = 32;
    private readonly Dictionary<Type, Entry> _byType = [];
    private readonly Dictionary<string, Entry> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, int From), Upcaster> _upcasters = [];

    /// <summary>Checks the list.</summary>
    /// <exception cref="ContractException">
    /// A malformed or double name or type; a type that is not sealed; a member of type object, or of an abstract type that is no closed polymorphic set; an upcaster without contract
    /// or a gap in a chain of upcasters.
    /// </exception>
    public ContractRegistry(IEnumerable<Contract> contracts, IEnumerable<Upcaster>? upcasters = null)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        Dictionary<JsonSerializerOptions, Options> options = new(ReferenceEqualityComparer.Instance);
        foreach (Contract contract in contracts)
        {
            Add(contract, options);
        }

        foreach (Upcaster upcaster in upcasters ?? [])
        {
            Add(upcaster);
        }

        foreach ((string name, int from) in _upcasters.Keys)
        {
            if (from + 1 < _byName[name].Contract.Version && !_upcasters.ContainsKey((name, from + 1)))
            {
                throw new ContractException($"'{name}' has an upcaster from version {from} but none from {from + 1} to {_byName[name].Contract.Version}");
            }
        }
    }

    /// <summary>Every contract, sorted by name.</summary>
    public IReadOnlyList<Contract> Contracts => [.. _byName.Values.Select(e => e.Contract).OrderBy(c => c.Name, StringComparer.Ordinal)];

    /// <inheritdoc />
    public (string Manifest, byte[] Payload) Encode(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Entry entry = _byType.GetValueOrDefault(value.GetType()) ?? throw new ArgumentException($"{value.GetType()} is in no list of contracts, so it cannot be stored or sent", nameof(value));
        return (entry.Contract.Manifest, JsonSerializer.SerializeToUtf8Bytes(value, entry.Journal));
    }

    /// <summary>A stored value: any version that upcasters lead from; unknown members are skipped.</summary>
    /// <exception cref="UnknownManifestException">No contract, a newer version, or no upcaster.</exception>
    /// <exception cref="PayloadException">The payload is not what the contract says.</exception>
    public object Decode(string manifest, ReadOnlyMemory<byte> payload)
    {
        (Entry entry, int version) = Find(manifest) ?? throw new UnknownManifestException(manifest);
        if (version == entry.Contract.Version)
        {
            return Read(manifest, payload, entry.Journal);
        }

        if (version > entry.Contract.Version || !_upcasters.ContainsKey((entry.Contract.Name, version)))
        {
            throw new UnknownManifestException(manifest);
        }

        try
        {
            JsonObject json = JsonNode.Parse(payload.Span, null, new JsonDocumentOptions { MaxDepth = MaxDepth }) as JsonObject ?? throw new PayloadException(manifest, "it is no JSON object");
            for (int v = version; v < entry.Contract.Version; v++)
            {
                json = _upcasters[(entry.Contract.Name, v)].Upcast(json);
            }

            return json.Deserialize(entry.Journal) ?? throw new PayloadException(manifest, "it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new PayloadException(manifest, e.Message, e);
        }
    }

    /// <summary>A value from another node: the current version only, no unknown, missing or double member, numbers not from strings, at most 32 levels.</summary>
    /// <exception cref="UnknownManifestException">No contract of that name and version.</exception>
    /// <exception cref="PayloadException">The payload is not exactly what the contract says.</exception>
    public object DecodeStrict(string manifest, ReadOnlyMemory<byte> payload)
    {
        (Entry entry, int version) = Find(manifest) ?? throw new UnknownManifestException(manifest);
        return version == entry.Contract.Version ? Read(manifest, payload, entry.Wire) : throw new UnknownManifestException(manifest);
    }

    /// <summary>Whether values of a type can be stored and sent.</summary>
    public bool Knows(Type type) => _byType.ContainsKey(type);

    private static object Read(string manifest, ReadOnlyMemory<byte> payload, JsonTypeInfo json)
    {
        try
        {
            return JsonSerializer.Deserialize(payload.Span, json) ?? throw new PayloadException(manifest, "it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new PayloadException(manifest, e.Message, e);
        }
    }

    private (Entry Entry, int Version)? Find(string manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        int colon = manifest.LastIndexOf(':');
        return colon > 0
            && int.TryParse(manifest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            && _byName.TryGetValue(manifest[..colon], out Entry? entry)
            ? (entry, version)
            : null;
    }

    private void Add(Contract contract, Dictionary<JsonSerializerOptions, Options> known)
    {
        ArgumentNullException.ThrowIfNull(contract);
        if (contract.Name.Length == 0 || !contract.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-'))
        {
            throw new ContractException($"'{contract.Name}' of {contract.Json.Type} is no name of lower-case words with dots and hyphens");
        }

        if (contract.Version < 1)
        {
            throw new ContractException($"'{contract.Name}' has version {contract.Version}, versions begin with 1");
        }

        if (!known.TryGetValue(contract.Json.Options, out Options? options))
        {
            known[contract.Json.Options] = options = new Options(contract.Json.Options);
        }

        Entry entry = new(contract, options.Journal.GetTypeInfo(contract.Json.Type), options.Wire.GetTypeInfo(contract.Json.Type));
        if (!contract.Json.Type.IsSealed && !contract.Json.Type.IsValueType)
        {
            throw new ContractException($"{contract.Json.Type} is not sealed");
        }

        Check(entry.Wire, contract.Json.Type.Name, []);
        if (!_byName.TryAdd(contract.Name, entry))
        {
            throw new ContractException($"'{contract.Name}' is given twice, to {_byName[contract.Name].Contract.Json.Type} and {contract.Json.Type}");
        }

        if (!_byType.TryAdd(contract.Json.Type, entry))
        {
            throw new ContractException($"{contract.Json.Type} is given twice, as '{_byType[contract.Json.Type].Contract.Name}' and '{contract.Name}'");
        }
    }

    private void Add(Upcaster upcaster)
    {
        ArgumentNullException.ThrowIfNull(upcaster);
        if (!_byName.TryGetValue(upcaster.Name, out Entry? entry))
        {
            throw new ContractException($"there is an upcaster for '{upcaster.Name}' but no contract");
        }

        if (upcaster.FromVersion < 1 || upcaster.FromVersion >= entry.Contract.Version)
        {
            throw new ContractException($"'{upcaster.Name}' has an upcaster from version {upcaster.FromVersion}, but its version is {entry.Contract.Version}");
        }

        if (!_upcasters.TryAdd((upcaster.Name, upcaster.FromVersion), upcaster))
        {
            throw new ContractException($"'{upcaster.Name}' has two upcasters from version {upcaster.FromVersion}");
        }
    }

    /// <summary>Refuses members through which a text could choose a type.</summary>
    private static void Check(JsonTypeInfo json, string at, HashSet<Type> seen)
    {
        Type type = Nullable.GetUnderlyingType(json.Type) ?? json.Type;
        if (!seen.Add(type))
        {
            return;
        }

        if (type == typeof(object))
        {
            throw new ContractException($"{at} is of type object");
        }

        switch (json.Kind)
        {
            case JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary:
                foreach ((Type? inner, string name) in new[] { (json.KeyType, "key"), (json.ElementType, "element") })
                {
                    if (inner is not null)
                    {
                        Check(json.Options.GetTypeInfo(inner), $"{at} ({name})", seen);
                    }
                }

                return;
            case JsonTypeInfoKind.Object:
                break;
            default:
                if (Nullable.GetUnderlyingType(json.Type) is { } underlying)
                {
                    Check(json.Options.GetTypeInfo(underlying), at, [.. seen.Where(t => t != underlying)]);
                }

                return;
        }

        bool open = type.IsInterface || type.IsAbstract || (!type.IsSealed && !type.IsValueType);
        if (json.PolymorphismOptions is { } polymorphism)
        {
            if (polymorphism.UnknownDerivedTypeHandling != JsonUnknownDerivedTypeHandling.FailSerialization)
            {
                throw new ContractException($"{at}: {type} takes unknown derived types, its set must be closed");
            }

            foreach (JsonDerivedType derived in polymorphism.DerivedTypes)
            {
                if (derived.DerivedType != type)
                {
                    Check(json.Options.GetTypeInfo(derived.DerivedType), $"{at} ({derived.DerivedType.Name})", seen);
                }
            }
        }
        else if (open)
        {
            throw new ContractException($"{at} is of type {type}, which is neither sealed nor a closed polymorphic set");
        }

        foreach (JsonPropertyInfo property in json.Properties.Where(p => p.Get is not null || p.Set is not null)) // neither: it is never written nor read
        {
            Check(json.Options.GetTypeInfo(property.PropertyType), $"{at}.{property.Name}", seen);
        }
    }

    private sealed record Entry(Contract Contract, JsonTypeInfo Journal, JsonTypeInfo Wire);

    /// <summary>Two readings of the same generated code.</summary>
    private sealed class Options
    {
        [SuppressMessage("Performance", "CA1869", Justification = "made once for each generated context, at the start")]
        public Options(JsonSerializerOptions source)
        {
            Journal = With(source, JsonUnmappedMemberHandling.Skip);
            Wire = With(source, JsonUnmappedMemberHandling.Disallow);
        }

        public JsonSerializerOptions Journal { get; }

        public JsonSerializerOptions Wire { get; }

        private static JsonSerializerOptions With(JsonSerializerOptions source, JsonUnmappedMemberHandling unmapped)
        {
            JsonSerializerOptions options = new(source)
            {
                UnmappedMemberHandling = unmapped,
                AllowDuplicateProperties = false,
                RespectNullableAnnotations = true,
                RespectRequiredConstructorParameters = true,
                NumberHandling = JsonNumberHandling.Strict,
                MaxDepth = MaxDepth,
                WriteIndented = false,
            };
            options.MakeReadOnly();
            return options;
        }
    }
}
