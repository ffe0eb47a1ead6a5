namespace Olmo.Runtime.Hocon;

/// <summary>A value known down to its type; what is inside it is still as written.</summary>
internal abstract record Head;

internal sealed record ScalarHead(HoconScalar Value, bool IsBlank = false) : Head;

/// <summary>A list; each element is a stack of nodes.</summary>
internal sealed record ArrayHead(HoconOrigin Origin, IReadOnlyList<IReadOnlyList<Node>> Elements) : Head;

/// <summary>An object as layers, the highest first.</summary>
internal sealed record ObjectHead(IReadOnlyList<ObjectNode> Layers) : Head
{
    public bool HidesBelow => Layers[^1].HidesBelow;
}
