using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Olmo.Runtime.Hocon;
using Olmo.Tests;

namespace Olmo.Runtime.Tests.Hocon;

/// <summary>Every recorded case of the reference implementation.</summary>
public sealed class HoconConformanceTests
{
    public static IEnumerable<object[]> Files => HoconCase.Lines("expected-files.jsonl", "file");

    public static IEnumerable<object[]> ParseCases => HoconCase.Lines("cases-parse.jsonl", "id");

    public static IEnumerable<object[]> MergeCases => HoconCase.Lines("cases-merge.jsonl", "id");

    public static IEnumerable<object[]> GetCases => HoconCase.Lines("cases-get.jsonl", "id");

    [ReferenceTheory]
    [MemberData(nameof(Files))]
    public void File_OfTheReferenceSuite_ResolvesAsRecorded(string file, string line)
    {
        using JsonDocument expectation = JsonDocument.Parse(line);
        string folder = ReferenceData.PathOf("hocon");
        string path = Path.Combine(folder, file);
        FileIncludes includes = new(resourceRoot: folder, workingDirectory: Path.GetTempPath());

        HoconCase.Check(expectation.RootElement, () => HoconDocument.Load(path, includes).Resolve());

        string original = Path.Combine(Path.GetDirectoryName(path)!, "original.json");
        if (file.StartsWith("equiv", StringComparison.Ordinal))
        {
            using JsonDocument same = JsonDocument.Parse(File.ReadAllText(original));
            HoconCase.AssertEqual(same.RootElement, HoconDocument.Load(path, includes).Resolve(), "$");
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(ParseCases))]
    public void Text_OfTheParseCases_ResolvesAsRecorded(string id, string line)
    {
        using JsonDocument expectation = JsonDocument.Parse(line);
        string text = expectation.RootElement.GetProperty("text").GetString()!;
        FileIncludes includes = new(resourceRoot: null, workingDirectory: Path.GetTempPath());

        HoconCase.Check(expectation.RootElement, () => HoconDocument.Parse(text, id + ".conf", includes).ResolveValue());
    }

    [ReferenceTheory]
    [MemberData(nameof(MergeCases))]
    public void Layers_OfTheMergeCases_ResolveAsRecorded(string id, string line)
    {
        using JsonDocument expectation = JsonDocument.Parse(line);
        HoconDocument[] layers = [.. expectation.RootElement.GetProperty("layers").EnumerateArray().Select((l, i) => HoconDocument.Parse(l.GetString()!, $"{id}-{i}.conf"))];

        HoconCase.Check(expectation.RootElement, () => layers.Aggregate((above, below) => above.WithFallback(below)).Resolve());
    }

    [ReferenceTheory]
    [MemberData(nameof(GetCases))]
    public void Getter_OfTheGetCases_ReadsAsRecorded(string id, string line)
    {
        using JsonDocument expectation = JsonDocument.Parse(line);
        JsonElement root = expectation.RootElement;
        string text = root.GetProperty("text").GetString()!;
        string path = root.GetProperty("path").GetString()!;
        string get = root.GetProperty("get").GetString()!;
        HoconObject value = HoconDocument.Parse(text, id + ".conf").Resolve();

        if (root.TryGetProperty("error", out JsonElement kind))
        {
            HoconException error = Assert.Throws<HoconException>(() => Read(value, path, get));
            Assert.Equal(kind.GetString(), error.Kind.ToString());
            return;
        }

        // Documented difference: a fraction asked as an integer is an error, not cut.
        if (id == "int-03")
        {
            Assert.Equal(HoconErrorKind.WrongType, Assert.Throws<HoconException>(() => Read(value, path, get)).Kind);
            return;
        }

        // Documented difference: a key that is no natural number is dropped, as recorded; all others must agree to the letter.
        Assert.Equal(Expected(root.GetProperty("value"), get), Read(value, path, get));
    }

    private static string Expected(JsonElement value, string get) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join('|', value.EnumerateArray().Select(e => e.ToString())),
        JsonValueKind.Number when get == "double" => value.GetDouble().ToString("R", CultureInfo.InvariantCulture),
        JsonValueKind.Number => BigInteger.Parse(value.GetRawText(), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => value.GetString()!,
    };

    private static string Read(HoconObject root, string path, string get) => get switch
    {
        "hasPath" => root.HasPath(path).ToString(),
        "hasPathOrNull" => root.HasPathOrNull(path).ToString(),
        "durationNanos" => root.Get(path).AsNanoseconds(path).ToString(CultureInfo.InvariantCulture),
        "bytes" => root.Get(path).AsSize(path).ToString(CultureInfo.InvariantCulture),
        "period" => root.Get(path).AsPeriod(path).ToString(),
        "boolean" => root.Get(path).AsBoolean(path).ToString(),
        "int" => root.Get(path).AsInt32(path).ToString(CultureInfo.InvariantCulture),
        "long" => root.Get(path).AsInt64(path).ToString(CultureInfo.InvariantCulture),
        "double" => root.Get(path).AsDouble(path).ToString("R", CultureInfo.InvariantCulture),
        "string" => root.Get(path).AsString(path),
        "stringList" => string.Join('|', root.Get(path).AsStringList(path)),
        "intList" => string.Join('|', root.Get(path).AsInt32List(path)),
        _ => throw new InvalidOperationException($"Unknown getter {get}."),
    };
}
