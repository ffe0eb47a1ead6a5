using System.CommandLine;
using System.Globalization;
using Olmo.Data;
using Olmo.Data.Tokenization;

namespace Olmo.Host.Commands;

/// <summary><c>olmo tokenizer decode --tokenizer FILE [ID...]</c>: the text, and nothing but it.</summary>
internal static class TokenizerDecodeCommand
{
    /// <summary>The verb, reading the process's standard input where no ids are given.</summary>
    public static Command Create() => Create(Console.In);

    internal static Command Create(TextReader input)
    {
        Argument<string[]> ids = new("id") { Description = "Ids; without any, those on standard input.", Arity = ArgumentArity.ZeroOrMore };
        Option<string> tokenizerFile = TokenizerOption.Create();
        Option<bool> skip = new("--skip-special") { Description = "Leaves special tokens out." };
        Command command = new("decode", "Prints the text of ids, without a line end of its own.") { ids, tokenizerFile, skip };
        command.SetAction(r => InputMistakes.AsUsage(() =>
        {
            Tokenizer tokenizer = Tokenizer.Load(r.GetValue(tokenizerFile)!);
            string[] given = r.GetValue(ids)!;
            int[] parsed = [.. (given.Length > 0 ? given : [input.ReadToEnd()]).SelectMany(Words).Select(Parse)];
            if (Array.Find(parsed, id => tokenizer.TokenOf(id) is null && id >= 0) is > 0 and int unknown)
            {
                throw new DataException($"{unknown} is not an id of this tokenizer: they end at {tokenizer.VocabularySize - 1}");
            }

            r.InvocationConfiguration.Output.Write(tokenizer.Decode(parsed, r.GetValue(skip)));
        }));
        return command;
    }

    private static string[] Words(string text) =>
        text.Split([' ', ',', '\t', '\r', '\n', '[', ']'], StringSplitOptions.RemoveEmptyEntries);

    private static int Parse(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        ? id
        : throw new DataException($"'{word}' is not an id");
}
