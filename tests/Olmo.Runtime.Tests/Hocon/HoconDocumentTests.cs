using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Olmo.Runtime.Hocon;

namespace Olmo.Runtime.Tests.Hocon;

public sealed class HoconDocumentTests
{
    private static HoconException Fails(string text, Func<string, string?>? environment = null) =>
        Assert.Throws<HoconException>(() => HoconDocument.Parse(text, "x.conf").Resolve(environment));

    [Fact]
    public void Environment_GivesStringsWhereNothingIsDefined()
    {
        HoconObject value = HoconDocument.Parse("a = ${PORT}, b = ${?GONE}, c = ${EMPTY}, PORT2 = null, d = ${?PORT2}")
            .Resolve(name => name switch { "PORT" => "80", "PORT2" => "81", "EMPTY" => "", _ => null });

        Assert.Equal("""{"a":"80","c":"","PORT2":null,"d":null}""", value.ToString());
        Assert.Equal("environment variable PORT", value["a"].Origin.ToString());
    }

    [Fact]
    public void Origin_OfEveryValue_IsFileAndLine()
    {
        HoconObject value = HoconDocument.Parse("a { b = 1\n c = [\n 2 ] }\nd.e = \"\"\"x\ny\"\"\"\nf = 1", "x.conf").Resolve();

        Assert.Equal(
            ["a.b x.conf:1", "a.c x.conf:2", "d.e x.conf:4", "f x.conf:6"],
            value.Leaves().Select(l => $"{l.Key} {l.Value.Origin}"));
        Assert.Equal(3, ((HoconArray)value.Get("a.c")).Items[0].Origin.Line);
    }

    [Theory]
    [InlineData("a = ${b}\nb = [1]\nc = v${b}", "x.conf:3: ")]
    [InlineData("a = host:22", "x.conf:1: the character is reserved, found ':22', expected the whole value in double quotes, as \"host:22\"")]
    [InlineData("a {\n b = 1\n", "x.conf:3: the object opened at x.conf:1 is not closed, found the end of the text, expected '}'")]
    [InlineData("a = ${b}\nb = ${c}\nc = ${a}", "x.conf:3: the substitution is part of a cycle: ${b} -> ${c} -> ${a}, found ${a}")]
    public void Error_Message_NamesPlaceTokenAndExpectation(string text, string start) =>
        Assert.StartsWith(start, Fails(text).Message, StringComparison.Ordinal);

    [Fact]
    public void LookBack_AcrossLayersAndThroughReferences_SeesTheValueBelow()
    {
        HoconDocument top = HoconDocument.Parse("path = ${path}\":c\", list += 3, o = ${o} { z = 1 }");
        HoconDocument middle = HoconDocument.Parse("path = ${path}\":b\", list = ${base} [2], base = [0]");
        HoconDocument bottom = HoconDocument.Parse("path = a, o { x = ${path} }");

        Assert.Equal("""{"path":"a:b:c","o":{"x":"a:b:c","z":1},"list":[0,2,3],"base":[0]}""", top.WithFallback(middle).WithFallback(bottom).Resolve().ToString());
    }

    [Theory]
    [InlineData("a = [${a}]")]
    [InlineData("a = { b = { c = ${a} } }")]
    [InlineData("a = { b = ${c} }, c = [${a}]")]
    public void Value_ThatContainsItself_IsAnError(string text) => Assert.Equal(HoconErrorKind.UnresolvedSubstitution, Fails(text).Kind);

    [Fact]
    public void Value_ThatOptionallyContainsItself_LeavesThatOut() =>
        Assert.Equal("""{"a":{"b":1}}""", HoconDocument.Parse("a { b = 1, c = ${?a} }").Resolve().ToString());

    [Fact]
    public void Nesting_TooDeep_IsAnErrorNotACrash()
    {
        Assert.Equal(HoconErrorKind.Parse, Fails(new StringBuilder("a = ").Append('[', 200_000).ToString()).Kind);
        StringBuilder chain = new();
        for (int i = 0; i < 10_000; i++)
        {
            chain.Append("v = ${v} x\n");
        }

        Assert.Equal(HoconErrorKind.UnresolvedSubstitution, Fails(chain.ToString()).Kind);
    }

    [Fact]
    public void Chains_ThatDouble_AreResolvedOnce()
    {
        StringBuilder text = new("o0 { v = 1 }\n");
        for (int i = 1; i <= 60; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"o{i} {{ l = ${{o{i - 1}}}, r = ${{o{i - 1}}} }}\n");
        }

        HoconObject value = HoconDocument.Parse(text.ToString()).Resolve();

        Assert.Same(((HoconObject)value["o60"])["l"], ((HoconObject)value["o60"])["r"]);
    }

    [Fact]
    public void Includes_MissingAndCyclic_AreTyped()
    {
        string folder = Directory.CreateTempSubdirectory("hocon").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.conf"), "include \"b\"\nx = 1");
            File.WriteAllText(Path.Combine(folder, "b.conf"), "include \"a.conf\"");
            File.WriteAllText(Path.Combine(folder, "c.conf"), "y = ${z}\nz = 2\nm { include \"d.json\" }");
            File.WriteAllText(Path.Combine(folder, "d.json"), "{\"k\": 1}");
            File.WriteAllBytes(Path.Combine(folder, "bad.conf"), [(byte)'a', (byte)'=', 0xFF]);

            Assert.Equal(HoconErrorKind.Parse, Assert.Throws<HoconException>(() => HoconDocument.Load(Path.Combine(folder, "a.conf"))).Kind);
            Assert.Equal("""{"y":2,"z":2,"m":{"k":1}}""", HoconDocument.Load(Path.Combine(folder, "c.conf")).Resolve().ToString());
            Assert.Equal(HoconErrorKind.Parse, Assert.Throws<HoconException>(() => HoconDocument.Load(Path.Combine(folder, "bad.conf"))).Kind);
            Assert.Equal(HoconErrorKind.IO, Assert.Throws<HoconException>(() => HoconDocument.Load(Path.Combine(folder, "gone.conf"))).Kind);
            Assert.Equal(HoconErrorKind.IO, Fails("include url(\"http://localhost/x.conf\")").Kind);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void RenderedText_OfAnyValue_ReadsBackEqual()
    {
        Gen<string> text = Gen.Elements("a", "true", "3.10", "x y", "q\"\\\n\té", "", "include", "${x}", "1e5", "a.b").Select(s => s);
        Gen<string> scalar = Gen.OneOf(text.Select(t => System.Text.Json.JsonSerializer.Serialize(t)), Gen.Elements("1", "-2.50", "true", "null", "1e30"));
        Gen<string> json = Value(3).Resize(4);
        Prop.ForAll(Arb.From(json.Select(j => $"{{\"k\":{j}}}")), document =>
        {
            HoconObject value = HoconDocument.Parse(document).Resolve();
            HoconObject again = HoconDocument.Parse(HoconRenderer.ToHocon(value)).Resolve();
            return HoconRenderer.ToCanonicalJson(value) == HoconRenderer.ToCanonicalJson(again);
        }).QuickCheckThrowOnFailure();

        Gen<string> Value(int depth) => depth == 0
            ? scalar
            : Gen.OneOf(
                scalar,
                Gen.ListOf(Value(depth - 1)).Select(items => $"[{string.Join(',', items)}]"),
                Gen.ListOf(text.SelectMany(k => Value(depth - 1).Select(v => $"{System.Text.Json.JsonSerializer.Serialize(k)}:{v}"))).Select(fields => $"{{{string.Join(',', fields)}}}"));
    }

    [Fact]
    public void Text_OfRandomPieces_NeverFailsOtherThanTyped()
    {
        Gen<string> piece = Gen.Elements("a", ".", " ", "\n", "{", "}", "[", "]", "=", ":", "+=", ",", "${", "?", "\"", "\"\"\"", "#", "//", "include", "1", "-", "null", "\\", "é", "$", "(", "file(");
        Prop.ForAll(Arb.From(Gen.ListOf(piece).Select(p => string.Concat(p))), text =>
        {
            try
            {
                HoconDocument.Parse(text, "fuzz").ResolveValue();
            }
            catch (HoconException e)
            {
                return e.Message.StartsWith("fuzz", StringComparison.Ordinal);
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }
}
