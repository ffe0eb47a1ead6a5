using System.Text.Json;
using System.Text.Json.Serialization;

namespace Olmo.Host.Runs;

/// <summary>The process that works on a run.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="LauncherId">Id of the <c>dotnet run</c> that started it; 0 where something else did.</param>
/// <param name="StartedAt">When it took the lock.</param>
internal sealed record RunOwner(int ProcessId, int LauncherId, DateTimeOffset StartedAt)
{
    /// <summary>The owner that this process is.</summary>
    public static RunOwner OfThisProcess(TimeProvider time) => new(Environment.ProcessId, Launcher.Find(), time.GetUtcNow());

    /// <summary>Reads the file that the last owner wrote, or null where it is absent or broken: it only serves messages.</summary>
    public static RunOwner? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), RunOwnerJson.Default.RunOwner);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether the command that started the process has gone, so that the process is stopping by itself.</summary>
    public bool IsOrphan() => LauncherId != 0 && Launcher.ParentOf(ProcessId) is int parent && parent != LauncherId;
}

/// <summary>Generated reader and writer.</summary>
[JsonSerializable(typeof(RunOwner))]
internal sealed partial class RunOwnerJson : JsonSerializerContext;
