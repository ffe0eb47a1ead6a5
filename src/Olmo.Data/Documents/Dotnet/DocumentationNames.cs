using System.Globalization;
using System.Text;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>Turns documentation ids into names as a C# programmer writes them, without namespaces.</summary>
/// <param name="typeParameters">Names of the type parameters of documented types, by id.</param>
internal sealed class DocumentationNames(IReadOnlyDictionary<string, IReadOnlyList<string>> typeParameters)
{
    /// <summary>C# keywords of the built-in types.</summary>
    internal static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
    {
        ["System.Boolean"] = "bool",
        ["System.Byte"] = "byte",
        ["System.SByte"] = "sbyte",
        ["System.Char"] = "char",
        ["System.Decimal"] = "decimal",
        ["System.Double"] = "double",
        ["System.Single"] = "float",
        ["System.Int16"] = "short",
        ["System.Int32"] = "int",
        ["System.Int64"] = "long",
        ["System.UInt16"] = "ushort",
        ["System.UInt32"] = "uint",
        ["System.UInt64"] = "ulong",
        ["System.IntPtr"] = "nint",
        ["System.UIntPtr"] = "nuint",
        ["System.Object"] = "object",
        ["System.String"] = "string",
        ["System.Void"] = "void",
    };

    private static readonly Dictionary<string, string> Operators = new(StringComparer.Ordinal)
    {
        ["op_Addition"] = "+",
        ["op_Subtraction"] = "-",
        ["op_Multiply"] = "*",
        ["op_Division"] = "/",
        ["op_Modulus"] = "%",
        ["op_BitwiseAnd"] = "&",
        ["op_BitwiseOr"] = "|",
        ["op_ExclusiveOr"] = "^",
        ["op_LeftShift"] = "<<",
        ["op_RightShift"] = ">>",
        ["op_UnsignedRightShift"] = ">>>",
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_LessThan"] = "<",
        ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThan"] = ">",
        ["op_GreaterThanOrEqual"] = ">=",
        ["op_UnaryNegation"] = "-",
        ["op_UnaryPlus"] = "+",
        ["op_LogicalNot"] = "!",
        ["op_OnesComplement"] = "~",
        ["op_Increment"] = "++",
        ["op_Decrement"] = "--",
        ["op_True"] = "true",
        ["op_False"] = "false",
    };

    /// <summary>"System.Collections.Generic.List`1" gives "List&lt;T&gt;"; a nested type is preceded by its documented outer type.</summary>
    public string TypeName(string id)
    {
        int dot = id.LastIndexOf('.');
        string last = dot < 0 ? id : id[(dot + 1)..];
        string outer = dot > 0 && typeParameters.ContainsKey(id[..dot]) ? TypeName(id[..dot]) + "." : "";
        int tick = last.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? outer + last : $"{outer}{last[..tick]}<{string.Join(", ", Arguments(id, last[(tick + 1)..]))}>";
    }

    /// <summary>The namespace of a type id, behind which no documented type begins.</summary>
    public string Namespace(string id)
    {
        int dot = id.LastIndexOf('.');
        if (dot < 0)
        {
            return "";
        }

        return typeParameters.ContainsKey(id[..dot]) ? Namespace(id[..dot]) : id[..dot];
    }

    /// <summary>What a cref names, without parameters: "M:System.String.Trim(System.Char)" gives "String.Trim".</summary>
    public string Reference(string cref)
    {
        if (cref.Length < 2 || cref[1] != ':')
        {
            return cref;
        }

        string id = cref[2..];
        switch (cref[0])
        {
            case 'T':
                return Keywords.TryGetValue(id, out string? keyword) && keyword != "void" ? ShortName(id) : TypeName(id);
            case 'M' or 'P' or 'F' or 'E':
                DocumentedMember member = new(cref[0], id, Empty);
                if (!member.HasOwner)
                {
                    return id;
                }

                string name = member.OwnName;
                int end = name.AsSpan().IndexOfAny("(`~");
                name = end < 0 ? name : name[..end];
                return name is "#ctor" ? TypeName(member.Owner) : $"{TypeName(member.Owner)}.{name.Replace('#', '.')}";
            default:
                return id;
        }
    }

    /// <summary>A member as its declaration reads: "List&lt;T&gt;.Insert(int index, T item)".</summary>
    public string Signature(DocumentedMember member)
    {
        IReadOnlyList<string> ofType = TypeParametersOf(member.Owner);
        IReadOnlyList<string> ofMethod = member.TypeParameters;
        string name = member.OwnName;
        int open = name.IndexOf('(', StringComparison.Ordinal);
        int tilde = name.LastIndexOf('~');
        string arguments = open < 0 ? "" : name[(open + 1)..name.LastIndexOf(')')];
        string result = tilde > open && tilde >= 0 ? Types(name[(tilde + 1)..], ofType, ofMethod)[0] : "";
        int end = open >= 0 ? open : tilde >= 0 ? tilde : name.Length;
        string plain = name[..end];
        int ticks = plain.IndexOf("``", StringComparison.Ordinal);
        string generic = ticks < 0 ? "" : $"<{string.Join(", ", MethodArguments(ofMethod, plain[(ticks + 2)..]))}>";
        plain = (ticks < 0 ? plain : plain[..ticks]).Replace('#', '.');
        string parameters = Parameters(Types(arguments, ofType, ofMethod), member.Parameters);
        string type = TypeName(member.Owner);
        return (member.Kind, plain) switch
        {
            ('M', ".ctor") => $"new {type}({parameters})",
            ('M', "op_Implicit") => $"{type}: implicit operator {result}({parameters})",
            ('M', "op_Explicit") => $"{type}: explicit operator {result}({parameters})",
            ('M', _) when Operators.TryGetValue(plain, out string? symbol) => $"{type}: operator {symbol}({parameters})",
            ('M', _) => $"{type}.{plain}{generic}({parameters})",
            ('P', _) when parameters.Length > 0 => $"{type}.{(plain == "Item" ? "this" : plain)}[{parameters}]",
            _ => $"{type}.{plain}",
        };
    }

    private static readonly System.Xml.Linq.XElement Empty = new("member");

    private static string ShortName(string id) => id[(id.LastIndexOf('.') + 1)..];

    private static IEnumerable<string> MethodArguments(IReadOnlyList<string> names, string count)
    {
        int number = int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture);
        return Enumerable.Range(0, number).Select(i => i < names.Count ? names[i] : $"T{i + 1}");
    }

    private static string Parameters(IReadOnlyList<string> types, IReadOnlyList<string> names)
    {
        StringBuilder text = new();
        for (int i = 0; i < types.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(types[i]);
            if (i < names.Count && names.Count == types.Count)
            {
                text.Append(' ').Append(names[i]);
            }
        }

        return text.ToString();
    }

    private IEnumerable<string> Arguments(string id, string arity)
    {
        IReadOnlyList<string> names = TypeParametersOf(id);
        int count = int.TryParse(arity, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : 1;
        return Enumerable.Range(0, count).Select(i => i < names.Count ? names[i] : count == 1 ? "T" : $"T{i + 1}");
    }

    private IReadOnlyList<string> TypeParametersOf(string id) => typeParameters.TryGetValue(id, out IReadOnlyList<string>? names) ? names : [];

    private IReadOnlyList<string> Types(string list, IReadOnlyList<string> ofType, IReadOnlyList<string> ofMethod) => new TypeListReader(list, ofType, ofMethod).ReadAll();
}
