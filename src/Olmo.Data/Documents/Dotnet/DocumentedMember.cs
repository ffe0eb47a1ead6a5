using System.Xml.Linq;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>One <c>member</c> element.</summary>
/// <param name="Kind">T, M, P, F or E.</param>
/// <param name="Id">The documentation id without its kind, e.g. "System.String.Join``1(System.String,System.Collections.Generic.IEnumerable{``0})".</param>
/// <param name="Element">The element.</param>
internal sealed record DocumentedMember(char Kind, string Id, XElement Element)
{
    /// <summary>The type that the member belongs to (itself for a type).</summary>
    public string Owner => Kind == 'T' ? Id : Id[..LastDot()];

    /// <summary>The member's own part of the id: "Join``1(...)".</summary>
    public string OwnName => Id[(LastDot() + 1)..];

    /// <summary>True if the id has the form "Type.Member".</summary>
    public bool HasOwner => Kind == 'T' || LastDot() > 0;

    public IReadOnlyList<string> TypeParameters => [.. Element.Elements("typeparam").Select(p => (string?)p.Attribute("name") ?? "T")];

    public IReadOnlyList<string> Parameters => [.. Element.Elements("param").Select(p => (string?)p.Attribute("name") ?? "")];

    // Dots of explicit interface implementations are '#', so the last dot before any bracket separates type and member.
    private int LastDot()
    {
        int end = Id.AsSpan().IndexOfAny("({~");
        return Id.LastIndexOf('.', (end < 0 ? Id.Length : end) - 1);
    }
}
