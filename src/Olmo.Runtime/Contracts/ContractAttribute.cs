namespace Olmo.Runtime.Contracts;

/// <summary>Name and version under which a record is stored and sent; both together are its manifest <c>name:version</c>. A name is never reused, and a change of meaning is a new version.</summary>
/// <param name="name">Lower-case words with dots and hyphens, as <c>train.step-committed</c>.</param>
/// <param name="version">From 1.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class ContractAttribute(string name, int version) : Attribute
{
    public string Name { get; } = name;

    public int Version { get; } = version;
}
