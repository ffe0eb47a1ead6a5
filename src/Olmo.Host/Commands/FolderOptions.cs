using System.CommandLine;
using Olmo.Model.Formats;
using Olmo.Runtime.Hocon;

namespace Olmo.Host.Commands;

/// <summary>Where a model folder goes and how its weights are stored: options of <c>olmo import</c> and <c>olmo export</c>.</summary>
internal sealed class FolderOptions
{
    private readonly Option<string> _to = new("--to") { Description = "Folder to write; missing or empty. It appears whole or not at all.", Required = true };
    private readonly Option<string?> _dtype = new("--dtype") { Description = "Type of the weights: fp32, bf16 or fp16 (nearest, ties to even). As they are where it is not given." };
    private readonly Option<string?> _maxShardSize = new("--max-shard-size") { Description = "Several weight files of at most this size with an index, such as 5GB. One file where it is not given." };

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_to);
        command.Add(_dtype);
        command.Add(_maxShardSize);
    }

    /// <summary>Folder to write.</summary>
    public string Target(ParseResult parsed) => parsed.GetRequiredValue(_to);

    /// <summary>Type asked for; null: none.</summary>
    /// <exception cref="UsageException">There is no such type.</exception>
    public SafetensorsType? Type(ParseResult parsed) => parsed.GetValue(_dtype) switch
    {
        null => null,
        "fp32" => SafetensorsType.F32,
        "bf16" => SafetensorsType.BF16,
        "fp16" => SafetensorsType.F16,
        string other => throw new UsageException($"--dtype {other}: fp32, bf16 or fp16 is needed"),
    };

    /// <summary>Bytes of tensors in a file; null: one file.</summary>
    /// <exception cref="UsageException">It is no size.</exception>
    public long? MaxShardBytes(ParseResult parsed)
    {
        if (parsed.GetValue(_maxShardSize) is not { } text)
        {
            return null;
        }

        try
        {
            long bytes = HoconDocument.ParseOverride("size=" + text).Resolve()["size"].AsSizeBytes("--max-shard-size");
            return bytes > 0 ? bytes : throw new UsageException($"--max-shard-size {text}: a size above 0 is needed");
        }
        catch (HoconException e)
        {
            throw new UsageException($"--max-shard-size {text}: {e.Message}");
        }
    }
}
