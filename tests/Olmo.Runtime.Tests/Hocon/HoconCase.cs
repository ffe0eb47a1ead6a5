using System.Globalization;
using System.Text.Json;
using Olmo.Runtime.Hocon;
using Olmo.Tests;

namespace Olmo.Runtime.Tests.Hocon;

/// <summary>Reads the recorded cases and compares results with them: numbers by value, keys in any order.</summary>
internal static class HoconCase
{
    public static IEnumerable<object[]> Lines(string file, string idKey)
    {
        if (ReferenceData.Root is null)
        {
            yield return ["absent", "{}"];
            yield break;
        }

        foreach (string line in File.ReadLines(ReferenceData.PathOf("hocon", file)))
        {
            using JsonDocument parsed = JsonDocument.Parse(line);
            yield return [parsed.RootElement.GetProperty(idKey).GetString()!, line];
        }
    }

    /// <summary>Runs a case that gives a value or an error of a kind.</summary>
    public static void Check(JsonElement expectation, Func<HoconValue> run)
    {
        bool loose = expectation.TryGetProperty("loose", out JsonElement l) && l.GetBoolean();
        if (!expectation.TryGetProperty("error", out JsonElement kind))
        {
            AssertEqual(expectation.GetProperty("expected"), run(), "$");
            return;
        }

        HoconException error = Assert.Throws<HoconException>(() => run());
        Assert.Equal(kind.GetString(), error.Kind.ToString());
        if (expectation.TryGetProperty("line", out JsonElement line) && !loose)
        {
            Assert.Equal(line.GetInt32(), error.Origin.Line);
        }

        if (error.Kind is HoconErrorKind.Parse or HoconErrorKind.BadPath or HoconErrorKind.UnresolvedSubstitution or HoconErrorKind.WrongType)
        {
            Assert.StartsWith($"{error.Origin.Source}:{error.Origin.Line}: ", error.Message, StringComparison.Ordinal);
            Assert.True(error.Origin.Line > 0, error.Message);
        }
    }

    public static void AssertEqual(JsonElement expected, HoconValue actual, string at)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                HoconObject o = Assert.IsType<HoconObject>(actual);
                Assert.Equal(expected.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal), o.Keys.Order(StringComparer.Ordinal));
                foreach (JsonProperty property in expected.EnumerateObject())
                {
                    AssertEqual(property.Value, o[property.Name], $"{at}.{property.Name}");
                }

                break;
            case JsonValueKind.Array:
                HoconArray a = Assert.IsType<HoconArray>(actual);
                Assert.Equal(expected.GetArrayLength(), a.Items.Count);
                for (int i = 0; i < a.Items.Count; i++)
                {
                    AssertEqual(expected[i], a.Items[i], $"{at}[{i}]");
                }

                break;
            default:
                HoconScalar scalar = Assert.IsType<HoconScalar>(actual);
                (HoconScalarKind kind, string text) = expected.ValueKind switch
                {
                    JsonValueKind.Null => (HoconScalarKind.Null, "null"),
                    JsonValueKind.True => (HoconScalarKind.Boolean, "true"),
                    JsonValueKind.False => (HoconScalarKind.Boolean, "false"),
                    JsonValueKind.Number => (HoconScalarKind.Number, expected.GetRawText()),
                    _ => (HoconScalarKind.String, expected.GetString()!),
                };
                Assert.True(kind == scalar.Kind, $"{at}: {kind} expected, {scalar.Kind} '{scalar.Text}' found");
                if (kind == HoconScalarKind.Number)
                {
                    Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), double.Parse(scalar.Text, CultureInfo.InvariantCulture));
                }
                else
                {
                    Assert.Equal(text, scalar.Text);
                }

                break;
        }
    }
}
