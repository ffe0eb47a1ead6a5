using System.CommandLine;

namespace Olmo.Host.Commands;

/// <summary>The option that names a tokenizer.</summary>
internal static class TokenizerOption
{
    /// <summary><c>--tokenizer</c>, which must be given.</summary>
    public static Option<string> Create() => new("--tokenizer", "-t")
    {
        Description = "tokenizer.json, or the folder of a model that holds it.",
        Required = true,
    };
}
