using System.CommandLine;

namespace Olmo.Host.Commands;

/// <summary><c>olmo tokenizer</c>: train, encode, decode.</summary>
internal static class TokenizerCommand
{
    /// <summary>The verb with its sub-verbs.</summary>
    public static Command Create() => new("tokenizer", "Trains tokenizers, and turns text into ids and back.")
    {
        TokenizerTrainCommand.Create(),
        TokenizerEncodeCommand.Create(),
        TokenizerDecodeCommand.Create(),
    };
}
