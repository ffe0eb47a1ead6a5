namespace Olmo.Runtime.Actor;

/// <summary>Sends the outcome of a task to an actor.</summary>
public static class PipeToSupport
{
    /// <summary>Sends the result, or <see cref="Status.Failure"/>, once the task ends.</summary>
    public static Task PipeTo<T>(
        this Task<T> taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(taskToPipe);
        ArgumentNullException.ThrowIfNull(recipient);
        IActorRef? from = sender ?? ActorCell.Current?.Self;
        return taskToPipe.ContinueWith(
            done =>
            {
                if (done.IsCompletedSuccessfully)
                {
                    recipient.Tell(success is null ? done.Result! : success(done.Result), from);
                    return;
                }

                Exception cause = done.Exception?.InnerException ?? new TaskCanceledException(done);
                recipient.Tell(failure is null ? new Status.Failure(cause) : failure(cause), from);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
