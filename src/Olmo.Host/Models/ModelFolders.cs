using Olmo.Data;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.State;

namespace Olmo.Host.Models;

/// <summary>What can be wrong with model folders, as mistakes of the user.</summary>
internal static class ModelFolders
{
    /// <summary>Runs work on a model.</summary>
    /// <exception cref="UsageException">A file is missing, broken, of another model, or cannot be written; the message names it.</exception>
    public static T Guard<T>(string source, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is HuggingFaceException or SafetensorsFormatException or ShardFormatException or ShardDigestMismatchException or MissingShardDataException or ModelConfigException or DataException
            or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{source}': {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
