using System.CommandLine;
using Olmo.Data;

namespace Olmo.Host.Commands;

/// <summary>What the tokenizer verbs share: bad input is one line on the error stream and exit code 2, Ctrl-C is exit code 4.</summary>
internal static class TokenizerVerb
{
    private const int BadInput = 2;
    private const int Cancelled = 4;

    public static Option<string> TokenizerOption() => new("--tokenizer", "-t")
    {
        Description = "tokenizer.json, or the folder of a model that holds it.",
        Required = true,
    };

    /// <summary>Runs a verb and turns what the user can mend into a message.</summary>
    public static int Run(ParseResult result, Action<ParseResult> verb)
    {
        try
        {
            verb(result);
            return 0;
        }
        catch (Exception e) when (e is DataException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            result.InvocationConfiguration.Error.WriteLine($"olmo: {e.Message.ReplaceLineEndings(" ")}");
            return BadInput;
        }
        catch (OperationCanceledException)
        {
            result.InvocationConfiguration.Error.WriteLine("olmo: cancelled; nothing was written");
            return Cancelled;
        }
    }
}
