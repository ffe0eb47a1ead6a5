using System.CommandLine;
using System.Globalization;
using Olmo.Data.Tokenization;

namespace Olmo.Host.Commands;

/// <summary><c>olmo tokenizer encode --tokenizer FILE [TEXT]</c>: ids on one line.</summary>
internal static class TokenizerEncodeCommand
{
    /// <summary>The verb, reading the process's standard input where no text is given.</summary>
    public static Command Create() => Create(Console.In);

    internal static Command Create(TextReader input)
    {
        Argument<string?> text = new("text") { Description = "The text; without it, all of standard input.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> tokenizerFile = TokenizerOption.Create();
        Option<bool> specialAsText = new("--special-as-text") { Description = "Special tokens in the text are ordinary text." };
        Option<bool> tokens = new("--tokens") { Description = "One token a line: id, first and last code point (exclusive), spelling." };
        Option<bool> count = new("--count") { Description = "Only how many ids there are." };
        Command command = new("encode", "Prints the ids of a text.") { text, tokenizerFile, specialAsText, tokens, count };
        command.SetAction(r => InputMistakes.AsUsage(() =>
        {
            Tokenizer tokenizer = Tokenizer.Load(r.GetValue(tokenizerFile)!);
            string what = r.GetValue(text) ?? input.ReadToEnd();
            EncodeOptions options = new(SpecialTokensAsText: r.GetValue(specialAsText));
            TextWriter output = r.InvocationConfiguration.Output;
            if (r.GetValue(tokens))
            {
                foreach (EncodedToken token in tokenizer.EncodeWithOffsets(what, options))
                {
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{token.Id}\t{token.Start}\t{token.End}\t{token.Text}"));
                }
            }
            else if (r.GetValue(count))
            {
                output.WriteLine(tokenizer.Count(what, options).ToString(CultureInfo.InvariantCulture));
            }
            else
            {
                output.WriteLine(string.Join(' ', tokenizer.Encode(what, options)));
            }
        }));
        return command;
    }
}
