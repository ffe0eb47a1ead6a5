namespace Olmo.Actors.Ranks;

/// <summary>A committed checkpoint cannot be read: a file is missing or its bytes are not those that were written.</summary>
public sealed class CheckpointUnreadableException(long step, string file, string reason, Exception? inner = null)
    : IOException($"checkpoint of step {step}: '{file}': {reason}", inner)
{
    /// <summary>Step of the checkpoint.</summary>
    public long Step { get; } = step;

    /// <summary>Name of the bad object.</summary>
    public string File { get; } = file;
}
