using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace Olmo.Runtime.Contracts;

/// <summary>A type that may be stored or sent.</summary>
/// <param name="Name">Its name, never reused.</param>
/// <param name="Version">The version that is written.</param>
/// <param name="Json">Generated reader and writer.</param>
public sealed record Contract(string Name, int Version, JsonTypeInfo Json)
{
    /// <summary>What is stored beside the payload.</summary>
    public string Manifest => $"{Name}:{Version}";

    /// <summary>The contract of a type that has a <see cref="ContractAttribute"/>.</summary>
    /// <exception cref="ContractException">It has none.</exception>
    public static Contract Of(JsonTypeInfo json)
    {
        ArgumentNullException.ThrowIfNull(json);
        ContractAttribute mark = json.Type.GetCustomAttribute<ContractAttribute>(inherit: false)
            ?? throw new ContractException($"{json.Type} has no [Contract(name, version)]");
        return new Contract(mark.Name, mark.Version, json);
    }
}
