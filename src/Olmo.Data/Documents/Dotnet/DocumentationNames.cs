using System.Globalization;
using System.Text;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>Turns documentation ids into names as a C# programmer writes them, without namespaces.</summary>
/// <param name="typeParameters">Names of the type parameters of documented types, by id.</param>
internal sealed class DocumentationNames(IReadOnlyDictionary<string, IReadOnlyList<string>> typeParameters)
{
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
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
        string name = member.OwnName;
        int open = name.IndexOf('(', StringComparison.Ordinal);
        int tilde = name.LastIndexOf('~');
        string arguments = open < 0 ? "" : name[(open + 1)..name.LastIndexOf(')')];
        string result = tilde > open && tilde >= 0 ? Types(name[(tilde + 1)..], ofType, member.TypeParameters)[0] : "";
        int end = open >= 0 ? open : tilde >= 0 ? tilde : name.Length;
        string plain = name[..end];
        int ticks = plain.IndexOf("``", StringComparison.Ordinal);
        string generic = ticks < 0 ? "" : $"<{string.Join(", ", MethodArguments(member, plain[(ticks + 2)..]))}>";
        plain = (ticks < 0 ? plain : plain[..ticks]).Replace('#', '.');
        string parameters = Parameters(Types(arguments, ofType, member.TypeParameters), member.Parameters);
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

    private static IEnumerable<string> MethodArguments(DocumentedMember member, string count)
    {
        int number = int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture);
        return Enumerable.Range(0, number).Select(i => i < member.TypeParameters.Count ? member.TypeParameters[i] : $"T{i + 1}");
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

    /// <summary>Recursive descent over "System.Int32,System.Collections.Generic.IEnumerable{``0}[]@".</summary>
    private sealed class TypeListReader(string text, IReadOnlyList<string> ofType, IReadOnlyList<string> ofMethod)
    {
        private int _position;

        public IReadOnlyList<string> ReadAll()
        {
            List<string> types = [];
            while (_position < text.Length)
            {
                types.Add(ReadType());
                Skip(',');
            }

            return types;
        }

        private string ReadType()
        {
            StringBuilder name = new(ReadName());
            bool byReference = false;
            while (_position < text.Length && text[_position] is '[' or '*' or '@' or '^')
            {
                char next = text[_position++];
                if (next == '@')
                {
                    byReference = true;
                }
                else if (next == '*')
                {
                    name.Append('*');
                }
                else if (next == '[')
                {
                    int close = text.IndexOf(']', _position);
                    int end = close < 0 ? text.Length : close;
                    name.Append('[').Append(',', text.AsSpan(_position, end - _position).Count(',')).Append(']');
                    _position = Math.Min(text.Length, end + 1);
                }
            }

            return byReference ? $"ref {name}" : name.ToString();
        }

        private string ReadName()
        {
            if (_position < text.Length && text[_position] == '`')
            {
                int ticks = text.AsSpan(_position).StartsWith("``") ? 2 : 1;
                _position += ticks;
                int start = _position;
                while (_position < text.Length && char.IsAsciiDigit(text[_position]))
                {
                    _position++;
                }

                IReadOnlyList<string> names = ticks == 2 ? ofMethod : ofType;
                return int.TryParse(text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < names.Count ? names[index] : "T";
            }

            int from = _position;
            while (_position < text.Length && text[_position] is not (',' or '{' or '}' or '[' or '*' or '@' or '^'))
            {
                _position++;
            }

            string id = text[from.._position];
            string name = Keywords.TryGetValue(id, out string? keyword) ? keyword : ShortName(id);
            if (_position == from)
            {
                // Not a type: give the rest back as it is, so that reading always advances.
                string rest = text[_position..];
                _position = text.Length;
                return rest;
            }

            if (!Skip('{'))
            {
                return name;
            }

            List<string> arguments = [];
            while (_position < text.Length && text[_position] != '}')
            {
                arguments.Add(ReadType());
                Skip(',');
            }

            Skip('}');
            string generic = $"{name}<{string.Join(", ", arguments)}>";

            // A type nested in a generic one: Dictionary{...}.Enumerator
            return _position < text.Length && text[_position] == '.' ? generic + ReadNested() : generic == "Nullable<>" ? name : Nullable(name, arguments) ?? generic;
        }

        private string ReadNested()
        {
            int from = _position;
            while (_position < text.Length && text[_position] is not (',' or '{' or '}' or '[' or '*' or '@' or '^'))
            {
                _position++;
            }

            return text[from.._position];
        }

        private static string? Nullable(string name, List<string> arguments) => name == "Nullable" && arguments.Count == 1 ? arguments[0] + "?" : null;

        private bool Skip(char expected)
        {
            if (_position < text.Length && text[_position] == expected)
            {
                _position++;
                return true;
            }

            return false;
        }
    }
}
