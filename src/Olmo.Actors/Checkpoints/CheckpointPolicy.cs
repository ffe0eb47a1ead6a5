namespace Olmo.Actors.Checkpoints;

/// <summary>Which steps are saved and which of them are kept.</summary>
/// <param name="Interval">Steps between checkpoints; the last step is always one.</param>
/// <param name="Keep">Checkpoints that are kept beside the permanent ones.</param>
/// <param name="PermanentInterval">Steps between permanent checkpoints; 0: only the last step.</param>
/// <param name="GarbageGrace">How long a file that no checkpoint names is left alone.</param>
/// <param name="MaxLag">Steps that may run past a boundary before its checkpoint is settled; null: as many as come before the next boundary.</param>
public sealed record CheckpointPolicy(long Interval, int Keep, long PermanentInterval, TimeSpan GarbageGrace, long? MaxLag)
{
    /// <summary>Whether the recipe names the step: known to everybody ahead, so that nobody has to be told.</summary>
    public bool IsBoundary(long step, long totalSteps) => step > 0 && (step % Interval == 0 || step == totalSteps);

    /// <summary>Whether retention keeps the step for ever.</summary>
    public bool IsPermanent(long step, long totalSteps) => step == totalSteps || (PermanentInterval > 0 && step % PermanentInterval == 0);
}
