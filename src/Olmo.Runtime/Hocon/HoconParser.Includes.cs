namespace Olmo.Runtime.Hocon;

internal sealed partial class HoconParser
{
    private const string Keyword = "include";
    private const int MaxIncludeDepth = 50;
    private static readonly string[] Extensions = [".properties", ".json", ".conf"];

    private bool AtIncludeKeyword()
    {
        if (string.CompareOrdinal(text, at, Keyword, 0, Keyword.Length) != 0)
        {
            return false;
        }

        int end = at + Keyword.Length;
        return end >= text.Length || text[end] == '\n' || IsBlank(text[end]) || IsReserved(text[end]);
    }

    private void ParseInclude(ObjectNode into, HoconPath path)
    {
        HoconOrigin start = Here();
        if (arrayDepth > 0)
        {
            throw Error("an include cannot stand inside a list, where no path leads", "the include outside of the list");
        }

        at += Keyword.Length;
        SkipLines();
        bool required = TryReadWord("required");
        HoconIncludeKind kind = TryReadWord("file") ? HoconIncludeKind.File
            : TryReadWord("classpath") ? HoconIncludeKind.Classpath
            : TryReadWord("url") ? HoconIncludeKind.Url
            : HoconIncludeKind.Heuristic;
        if (Current != '"')
        {
            throw Error("include needs a name (a key named include needs quotes)", "\"name\", file(\"name\"), classpath(\"name\") or required(...)");
        }

        string name = ReadQuoted();
        for (int open = (required ? 1 : 0) + (kind == HoconIncludeKind.Heuristic ? 0 : 1); open > 0; open--)
        {
            SkipBlanks();
            if (Current != ')')
            {
                throw Error("an include is not closed", "')'");
            }

            at++;
        }

        if (kind == HoconIncludeKind.Url)
        {
            throw new HoconException(HoconErrorKind.IO, start, "includes are not fetched over a network", $"url(\"{name}\")", "a file");
        }

        Load(into, prefix.Append(path), kind, name, required, start);
    }

    private bool TryReadWord(string word)
    {
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0 || at + word.Length >= text.Length || text[at + word.Length] != '(')
        {
            return false;
        }

        at += word.Length + 1;
        SkipBlanks();
        return true;
    }

    private void Load(ObjectNode into, HoconPath path, HoconIncludeKind kind, string name, bool required, HoconOrigin start)
    {
        if (includedFrom.Count >= MaxIncludeDepth)
        {
            throw new HoconException(HoconErrorKind.Parse, start, $"includes are nested more than {MaxIncludeDepth} deep: {string.Join(" -> ", includedFrom.Distinct(StringComparer.Ordinal).Take(5))}", name, "no cycle of includes");
        }

        bool found = false;
        string[] names = Array.Exists(Extensions, e => name.EndsWith(e, StringComparison.Ordinal)) ? [name] : [.. Extensions.Select(e => name + e)];
        foreach (string candidate in names)
        {
            HoconText? included;
            try
            {
                included = includes.Find(kind, candidate, source);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new HoconException(HoconErrorKind.IO, start, $"the include cannot be read: {e.Message}", candidate, cause: e);
            }

            if (included is null)
            {
                continue;
            }

            found = true;
            Node root = candidate.EndsWith(".properties", StringComparison.Ordinal)
                ? PropertiesParser.Parse(included)
                : new HoconParser(included, includes, path, [.. includedFrom, source.Name]).ParseRoot();
            if (root is not ObjectNode fields)
            {
                throw new HoconException(HoconErrorKind.WrongType, root.Origin, "an included text must be an object", "a list", "an object");
            }

            foreach (string key in fields.Keys)
            {
                into.Push(key, fields.Stack(key)!);
            }
        }

        if (required && !found)
        {
            throw new HoconException(HoconErrorKind.IO, start, "a required include does not exist", $"\"{name}\"", "one of " + string.Join(", ", names));
        }
    }
}
