using System.Globalization;
using System.Text;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>Recursive descent over "System.Int32,System.Collections.Generic.IEnumerable{``0}[]@".</summary>
internal sealed class TypeListReader(string text, IReadOnlyList<string> ofType, IReadOnlyList<string> ofMethod)
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
        string name = DocumentationNames.Keywords.TryGetValue(id, out string? keyword) ? keyword : id[(id.LastIndexOf('.') + 1)..];
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
        return _position < text.Length && text[_position] == '.' ? generic + ReadNested() : Nullable(name, arguments) ?? generic;
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
