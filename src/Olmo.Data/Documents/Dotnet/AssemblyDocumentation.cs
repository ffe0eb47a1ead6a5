using System.Text;
using System.Xml.Linq;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>The documentation of one assembly, grouped by type.</summary>
internal sealed class AssemblyDocumentation(string name)
{
    private readonly Dictionary<string, List<DocumentedMember>> _membersByType = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _typeParameters = new(StringComparer.Ordinal);
    private readonly List<string> _types = [];

    /// <summary>The assembly.</summary>
    public string Name { get; } = name;

    /// <summary>Takes one member element; what is neither a type nor a member of one is passed over.</summary>
    public void Add(XElement element)
    {
        string? id = (string?)element.Attribute("name");
        if (id is null || id.Length < 3 || id[1] != ':' || id[0] is not ('T' or 'M' or 'P' or 'F' or 'E'))
        {
            return;
        }

        DocumentedMember member = new(id[0], id[2..], element);
        if (!member.HasOwner)
        {
            return;
        }

        if (!_membersByType.TryGetValue(member.Owner, out List<DocumentedMember>? members))
        {
            members = [];
            _membersByType.Add(member.Owner, members);
            _types.Add(member.Owner);
        }

        members.Add(member);
        if (member.Kind == 'T')
        {
            _typeParameters[member.Id] = member.TypeParameters;
        }
    }

    /// <summary>Type ids with their documents, in the order in which the types first appear. Types without any text are left out.</summary>
    public IEnumerable<(string TypeId, string Text)> TypeDocuments()
    {
        DocumentationNames names = new(_typeParameters);
        DocumentationText renderer = new(names);
        StringBuilder text = new();
        foreach (string type in _types)
        {
            text.Clear();
            text.Append(names.TypeName(type)).Append('\n');
            text.Append("Namespace ").Append(names.Namespace(type)).Append(", assembly ").Append(Name).Append('\n');
            int heading = text.Length;
            foreach (DocumentedMember member in _membersByType[type])
            {
                int before = text.Length;
                text.Append('\n');
                if (member.Kind != 'T')
                {
                    text.Append(names.Signature(member)).Append('\n');
                }

                if (!AppendSections(text, renderer, names, member.Element))
                {
                    text.Length = before;
                }
            }

            if (text.Length > heading)
            {
                yield return (type, text.ToString());
            }
        }
    }

    private static bool AppendSections(StringBuilder text, DocumentationText renderer, DocumentationNames names, XElement member)
    {
        int before = text.Length;
        AppendAll(text, renderer, member, "summary", "");
        foreach (XElement parameter in member.Elements().Where(e => e.Name.LocalName is "typeparam" or "param"))
        {
            AppendLine(text, $"{(string?)parameter.Attribute("name")}: ", renderer.Render(parameter));
        }

        AppendAll(text, renderer, member, "returns", "Returns: ");
        AppendAll(text, renderer, member, "value", "Value: ");
        foreach (XElement exception in member.Elements("exception"))
        {
            AppendLine(text, $"Throws {names.Reference((string?)exception.Attribute("cref") ?? "")}: ", renderer.Render(exception));
        }

        AppendAll(text, renderer, member, "remarks", "Remarks: ");
        AppendAll(text, renderer, member, "example", "Example: ");
        return text.Length > before;
    }

    private static void AppendAll(StringBuilder text, DocumentationText renderer, XElement member, string element, string prefix)
    {
        foreach (XElement section in member.Elements(element))
        {
            AppendLine(text, prefix, renderer.Render(section));
        }
    }

    private static void AppendLine(StringBuilder text, string prefix, string content)
    {
        if (content.Length > 0)
        {
            text.Append(prefix).Append(content).Append('\n');
        }
    }
}
