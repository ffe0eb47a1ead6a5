using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Contracts;

public sealed partial class ContractRegistryTests
{
    private static readonly Contract Step = Contract.Of(TestJson.Default.StepDone);

    private static ContractRegistry Registry(params Upcaster[] upcasters) => new([Step, new("note", 1, TestJson.Default.Note)], upcasters);

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void Value_OfARegisteredType_ComesBackEqual()
    {
        ContractRegistry registry = Registry();
        StepDone value = new(7, "x", null);

        (string manifest, byte[] payload) = registry.Encode(value);

        Assert.Equal("train.step-done:3", manifest);
        Assert.Equal(value, registry.Decode(manifest, payload));
        Assert.Equal(value, registry.DecodeStrict(manifest, payload));
    }

    [Fact]
    public void Encode_OfATypeThatIsNotListed_IsAnArgumentError() =>
        Assert.Contains("is in no list of contracts", Assert.Throws<ArgumentException>(() => Registry().Encode("text")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("train.step-done:4")]
    [InlineData("train.step-done:2")]
    [InlineData("train.step-gone:1")]
    [InlineData("train.step-done")]
    [InlineData("train.step-done:x")]
    [InlineData("System.Diagnostics.Process, System:1")]
    public void Manifest_Unknown_IsNamed(string manifest)
    {
        Assert.Equal(manifest, Assert.Throws<UnknownManifestException>(() => Registry().Decode(manifest, Json("{}"))).Manifest);
        Assert.Equal(manifest, Assert.Throws<UnknownManifestException>(() => Registry().DecodeStrict(manifest, Json("{}"))).Manifest);
    }

    [Fact]
    public void Versions_Earlier_AreReadThroughTheChainOfUpcasters()
    {
        ContractRegistry registry = Registry(
            new Upcaster("train.step-done", 2, json => { json["name"] = json["label"]!.GetValue<string>().ToUpperInvariant(); json.Remove("label"); return json; }),
            new Upcaster("train.step-done", 1, json => new JsonObject { ["step"] = json["s"]!.DeepClone(), ["label"] = "one" }));

        Assert.Equal(new StepDone(5, "ONE", null), registry.Decode("train.step-done:1", Json("{\"s\":5}")));
        Assert.Equal(new StepDone(6, "TWO", null), registry.Decode("train.step-done:2", Json("{\"step\":6,\"label\":\"two\"}")));
        Assert.Throws<UnknownManifestException>(() => registry.DecodeStrict("train.step-done:2", Json("{\"step\":6,\"label\":\"two\"}")));
        PayloadException error = Assert.Throws<PayloadException>(() => registry.Decode("train.step-done:1", Json("[]")));
        Assert.Contains("train.step-done:1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Journal_WithMembersOfANewerProgram_IsReadWithoutThem() =>
        Assert.Equal(new StepDone(1, "n", null), Registry().Decode("train.step-done:3", Json("{\"step\":1,\"name\":\"n\",\"later\":[1]}")));

    [Theory]
    [InlineData("{\"step\":1,\"name\":\"n\",\"later\":1}")]
    [InlineData("{\"step\":1}")]
    [InlineData("{\"step\":1,\"name\":null}")]
    [InlineData("{\"step\":\"1\",\"name\":\"n\"}")]
    [InlineData("{\"step\":1,\"step\":2,\"name\":\"n\"}")]
    [InlineData("{\"step\":1,\"name\":\"n\"} x")]
    [InlineData("{\"$type\":\"System.IO.FileInfo\",\"step\":1,\"name\":\"n\"}")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void Message_ThatIsNotExactlyTheContract_IsRefused(string payload) =>
        Assert.Equal("train.step-done:3", Assert.Throws<PayloadException>(() => Registry().DecodeStrict("train.step-done:3", Json(payload))).Manifest);

    [Fact]
    public void Polymorphic_ClosedSet_IsReadByItsNamesAlone()
    {
        ContractRegistry registry = new([new("drawing", 1, TestJson.Default.Drawing)]);
        Drawing drawing = new([new Circle(1.5), new Square(2)], new Dictionary<string, long> { ["a"] = 1 });

        (string manifest, byte[] payload) = registry.Encode(drawing);

        Drawing read = (Drawing)registry.DecodeStrict(manifest, payload);
        Assert.Equal(drawing.Shapes, read.Shapes);
        Assert.Throws<PayloadException>(() => registry.DecodeStrict(manifest, Json("{\"shapes\":[{\"$type\":\"File\",\"radius\":1}],\"counts\":{}}")));
    }

    [Fact]
    public void List_Wrong_IsFoundAtTheStart()
    {
        (Func<ContractRegistry> Make, string Message)[] cases =
        [
            (() => new([Step, Step with { Version = 4 }]), "is given twice"),
            (() => new([Step, Step with { Name = "other" }]), "is given twice, as"),
            (() => new([Step with { Name = "Bad Name" }]), "is no name"),
            (() => new([Step with { Version = 0 }]), "versions begin with 1"),
            (() => new([new("open", 1, TestJson.Default.Open)]), "is not sealed"),
            (() => new([new("holder", 1, TestJson.Default.ObjectHolder)]), "ObjectHolder.value is of type object"),
            (() => new([new("holder", 1, TestJson.Default.InterfaceHolder)]), "InterfaceHolder.value is of type"),
            (() => new([new("holder", 1, TestJson.Default.OpenHolder)]), "OpenHolder.items (element) is of type"),
            (() => Registry(new Upcaster("gone", 1, j => j)), "but no contract"),
            (() => Registry(new Upcaster("train.step-done", 3, j => j)), "but its version is 3"),
            (() => Registry(new Upcaster("train.step-done", 1, j => j)), "none from 2 to 3"),
            (() => Registry(new Upcaster("train.step-done", 2, j => j), new Upcaster("train.step-done", 2, j => j)), "two upcasters"),
            (() => new([Contract.Of(TestJson.Default.Note)]), "has no [Contract(name, version)]"),
        ];
        foreach ((Func<ContractRegistry> make, string message) in cases)
        {
            Assert.Contains(message, Assert.Throws<ContractException>(make).Message, StringComparison.Ordinal);
        }
    }

    [Contract("train.step-done", 3)]
    internal sealed record StepDone(long Step, string Name, string? Remark = null);

    internal sealed record Note(string Text);

    public record Open(int A);

    internal sealed record ObjectHolder(object Value);

    internal interface IThing;

    internal sealed record InterfaceHolder(IThing Value);

    internal sealed record OpenHolder(IReadOnlyList<Open> Items);

    [JsonPolymorphic]
    [JsonDerivedType(typeof(Circle), "circle")]
    [JsonDerivedType(typeof(Square), "square")]
    internal abstract record Shape;

    internal sealed record Circle(double Radius) : Shape;

    internal sealed record Square(double Side) : Shape;

    internal sealed record Drawing(IReadOnlyList<Shape> Shapes, IReadOnlyDictionary<string, long> Counts);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(StepDone))]
    [JsonSerializable(typeof(Note))]
    [JsonSerializable(typeof(Open))]
    [JsonSerializable(typeof(ObjectHolder))]
    [JsonSerializable(typeof(InterfaceHolder))]
    [JsonSerializable(typeof(OpenHolder))]
    [JsonSerializable(typeof(Drawing))]
    internal sealed partial class TestJson : JsonSerializerContext;
}
