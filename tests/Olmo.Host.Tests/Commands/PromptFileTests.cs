using Olmo.Host.Commands;
using Olmo.Host.Models;

namespace Olmo.Host.Tests.Commands;

public sealed class PromptFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-prompts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_OfPlainLines_TakesThemAsTheyStand()
    {
        string file = Write("prompts.txt", "\uFEFFThe cat\r\n\n  \n{\"a\": 1}\n\"quoted\" \nlast");

        IReadOnlyList<PromptText> prompts = PromptFile.Read(file);

        Assert.Equal(["The cat", "{\"a\": 1}", "\"quoted\" ", "last"], prompts.Select(p => p.Text));
        Assert.Equal([1, 4, 5, 6], prompts.Select(p => int.Parse(p.Source.Split("line ")[1], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.All(prompts, p => Assert.StartsWith(file, p.Source, StringComparison.Ordinal));
        Assert.All(prompts, p => Assert.Null(p.Id));
    }

    [Fact]
    public void Read_OfJsonLines_TakesStringsAndObjects()
    {
        string file = Write("prompts.jsonl", "\"two\\nlines\"\n\n{\"id\": \"a\", \"prompt\": \"caf\\u00e9\"}\n{\"prompt\": \"x\", \"id\": 12, \"more\": []}\n");

        IReadOnlyList<PromptText> prompts = PromptFile.Read(file);

        Assert.Equal(["two\nlines", "café", "x"], prompts.Select(p => p.Text));
        Assert.Equal([null, "\"a\"", "12"], prompts.Select(p => p.Id));
    }

    [Theory]
    [InlineData("a.jsonl", "\"a\"\nThe cat\n", "line 2", "not JSON")]
    [InlineData("a.jsonl", "\n[1]", "line 2", "Array")]
    [InlineData("a.jsonl", "{\"text\": \"a\"}", "line 1", "\"prompt\" is missing")]
    [InlineData("a.jsonl", "{\"prompt\": 3}", "line 1", "not a string")]
    [InlineData("a.jsonl", "{\"prompt\": \"a\", \"id\": null}", "line 1", "\"id\"")]
    [InlineData("a.jsonl", "\"\\ud800\"", "line 1", "Unicode")]
    [InlineData("a.txt", "\n \n", "a.txt", "no prompt")]
    public void Read_OfSomethingElse_NamesFileLineAndWhatIsWrong(string name, string content, string where, string what)
    {
        string file = Write(name, content);

        string message = Assert.Throws<UsageException>(() => PromptFile.Read(file)).Message;

        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfBytesThatAreNotUtf8_NamesTheLine()
    {
        string file = Path.Combine(_folder, "bytes.txt");
        File.WriteAllBytes(file, [(byte)'a', (byte)'\n', 0xC3, 0x28, (byte)'\n']);

        Assert.Equal($"{file}, line 2: not valid UTF-8", Assert.Throws<UsageException>(() => PromptFile.Read(file)).Message);
    }

    [Fact]
    public void Read_OfAFileThatIsNotThere_NamesIt()
    {
        string file = Path.Combine(_folder, "none.txt");

        Assert.Contains(file, Assert.Throws<UsageException>(() => PromptFile.Read(file)).Message, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, content);
        return file;
    }
}
