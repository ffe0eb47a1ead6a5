namespace Olmo.Model.State;

/// <summary>A shard file with the right digest, or without one to compare, whose content is not what this program writes or what the model needs.</summary>
public sealed class ShardFormatException(string file, string problem, Exception? inner = null) : Exception($"{file}: {problem}", inner)
{
    public string File { get; } = file;
}
