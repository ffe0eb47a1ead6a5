using System.Globalization;
using Olmo.Host.Commands;
using Olmo.Tests;

namespace Olmo.Host.Tests.Commands;

/// <summary><c>olmo generate</c> on a model folder of the reference data.</summary>
public sealed class GenerateCommandTests
{
    private static readonly string[] Prompts = ["The cat", "a", "One of the longer prompts"];

    [ReferenceFact]
    public async Task Generate_SeveralPrompts_WritesEachWithTheTextThatItHasAlone()
    {
        List<string> alone = [];
        foreach (string prompt in Prompts)
        {
            alone.Add(await Generate("--prompt", prompt));
        }

        string together = await Generate([.. Prompts.SelectMany(p => (string[])["--prompt", p])]);

        // The likeliest token each time: no random numbers that depend on the place.
        Assert.Equal(string.Concat(alone.Select((text, i) => $"[{i + 1}] {text}")), together);
        Assert.All(Prompts.Zip(alone), pair => Assert.True(pair.Second.StartsWith(pair.First, StringComparison.Ordinal) && pair.Second.Length > pair.First.Length + 1));
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

        Assert.Contains("fit this model", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> Generate(params string[] prompts)
    {
        StringWriter output = new(CultureInfo.InvariantCulture);
        StringWriter error = new(CultureInfo.InvariantCulture);
        int code = await CommandRunner.Run(GenerateCommand.Create(), Arguments(prompts), output, error);
        Assert.True(code == 0, error.ToString());
        return output.ToString();
    }

    private static string[] Arguments(params string[] prompts) =>
        [ReferenceData.PathOf("golden", "models", "olmo2-tiny"), "--tokens", "20", "--temperature", "0", "--threads", "1", .. prompts];

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
