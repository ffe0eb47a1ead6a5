using System.Globalization;
using System.Text.Json;
using Olmo.Host.Commands;
using Olmo.Tests;

namespace Olmo.Host.Tests.Commands;

/// <summary><c>olmo generate</c> on a model folder of the reference data.</summary>
public sealed class GenerateCommandTests
{
    private const int Context = 256;
    private static readonly string[] Prompts = ["The cat", "a", "One of the longer prompts"];

    [ReferenceFact]
    public async Task Generate_SeveralPrompts_WritesTheLinesOfEachThatItHasAlone()
    {
        List<string> alone = await Alone();

        foreach (string batch in (string[])["1", "2", "8"])
        {
            string[] together = (await Generate(["--batch", batch, .. Prompts.SelectMany(p => (string[])["--prompt", p])])).TrimEnd('\n').Split('\n');

            // The likeliest token each time: no random numbers that depend on the place.
            for (int i = 0; i < Prompts.Length; i++)
            {
                string label = $"[{i + 1}] ";
                Assert.Equal(alone[i].TrimEnd('\n').Split('\n'), together.Where(l => l.StartsWith(label, StringComparison.Ordinal)).Select(l => l[label.Length..]));
            }
        }

        Assert.All(Prompts.Zip(alone), pair => Assert.True(pair.Second.StartsWith(pair.First, StringComparison.Ordinal) && pair.Second.Length > pair.First.Length + 1));
    }

    [ReferenceFact]
    public async Task Generate_PromptsOfAFileAsJsonLines_WritesAnObjectEachInTheirOrder()
    {
        string folder = Directory.CreateTempSubdirectory("olmo-generate-").FullName;
        try
        {
            string file = Path.Combine(folder, "prompts.jsonl");
            await File.WriteAllLinesAsync(file, Prompts.Select((p, i) => i == 1 ? $"\"{p}\"" : $"{{\"prompt\": \"{p}\", \"id\": {i}}}"));
            List<string> alone = await Alone();
            foreach (string batch in (string[])["1", "2"])
            {
                JsonElement[] lines = [.. (await Generate("--prompts", file, "--jsonl", "--batch", batch)).TrimEnd('\n').Split('\n').Select(Json)];

                Assert.Equal(Prompts, lines.Select(l => l.GetProperty("prompt").GetString()));
                Assert.Equal(alone, lines.Select(l => $"{l.GetProperty("prompt").GetString()}{l.GetProperty("text").GetString()}\n"));
                Assert.Equal(["0", null, "2"], lines.Select(l => l.TryGetProperty("id", out JsonElement id) ? id.GetRawText() : null));
                Assert.All(lines, l => Assert.True(l.GetProperty("tokens").GetInt32() == 20 == (l.GetProperty("finish").GetString() == "length")));
            }

            // Random numbers are keyed by a prompt's place, wherever it was given.
            string[] sampling = ["--jsonl", "--temperature", "0.9", "--seed", "5"];
            Assert.Equal(await Generate(["--prompt", Prompts[0], "--prompt", Prompts[1], .. sampling]), await Generate(["--prompt", Prompts[0], "--prompts", Write(folder, Prompts[1]), .. sampling]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [ReferenceFact]
    public async Task Generate_ToTheEndOfTheContext_SaysSo()
    {
        JsonElement line = Json(await Generate("--prompt", "a", "--jsonl", "--tokens", "100000"));

        Assert.Equal("context", line.GetProperty("finish").GetString());
        Assert.Equal(Context - 1, line.GetProperty("tokens").GetInt32());
    }

    [ReferenceTheory]
    [InlineData("--prompt TEXT or --prompts FILE is needed")]
    [InlineData("--batch 0", "--batch", "0", "--prompt", "a")]
    [InlineData("--tokens -1", "--tokens", "-1", "--prompt", "a")]
    [InlineData("/none.txt", "--prompts", "/none.txt")]
    public async Task Generate_WithoutWhatItNeeds_IsAMistakeOfTheUser(string message, params string[] more)
    {
        StringWriter error = new(CultureInfo.InvariantCulture);

        Assert.Equal(2, await CommandRunner.Run(GenerateCommand.Create(), [ReferenceData.PathOf("golden", "models", "olmo2-tiny"), .. more], TextWriter.Null, error));

        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [ReferenceFact]
    public async Task Generate_OnePrompt_WritesPiecesAsTheyCome()
    {
        Pieces pieces = new();
        Assert.Equal(0, await CommandRunner.Run(GenerateCommand.Create(), Arguments("--prompt", Prompts[0]), pieces, TextWriter.Null));

        Assert.True(pieces.Flushes > 5, $"{pieces.Flushes} pieces");
    }

    [ReferenceFact]
    public async Task Generate_PromptThatDoesNotFit_IsRefusedWithBothNumbers()
    {
        StringWriter error = new(CultureInfo.InvariantCulture);
        string prompt = string.Concat(Enumerable.Repeat("cat dog ", 2000));

        Assert.Equal(2, await CommandRunner.Run(GenerateCommand.Create(), Arguments("--prompt", "a", "--prompt", prompt), TextWriter.Null, error));

        Assert.Contains("prompt 2: it has", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("fit this model", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<List<string>> Alone()
    {
        List<string> alone = [];
        foreach (string prompt in Prompts)
        {
            alone.Add(await Generate("--prompt", prompt));
        }

        return alone;
    }

    private static string Write(string folder, string prompt)
    {
        string file = Path.Combine(folder, "prompts.txt");
        File.WriteAllText(file, prompt);
        return file;
    }

    private static JsonElement Json(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private static async Task<string> Generate(params string[] arguments)
    {
        StringWriter output = new(CultureInfo.InvariantCulture);
        StringWriter error = new(CultureInfo.InvariantCulture);
        int code = await CommandRunner.Run(GenerateCommand.Create(), Arguments(arguments), output, error);
        Assert.True(code == 0, error.ToString());
        return output.ToString();
    }

    private static string[] Arguments(params string[] more) =>
        [ReferenceData.PathOf("golden", "models", "olmo2-tiny"), .. Unless(more, "--tokens", "20"), .. Unless(more, "--temperature", "0"), "--threads", "1", .. more];

    private static string[] Unless(string[] given, string option, string value) => given.Contains(option) ? [] : [option, value];

    private sealed class Pieces : StringWriter
    {
        public Pieces()
            : base(CultureInfo.InvariantCulture)
        {
        }

        public int Flushes { get; private set; }

        public override void Flush() => Flushes++;
    }
}
