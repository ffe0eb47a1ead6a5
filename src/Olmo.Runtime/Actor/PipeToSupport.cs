namespace Olmo.Runtime.Actor;

/// <summary>
/// Sends a task's outcome as a message. A failure or cancellation arrives as <see cref="Status.Failure"/> unless a function makes
/// something else of it. A task without a value sends nothing on success unless <c>success</c> is given.
/// </summary>
public static class PipeToSupport
{
    public static Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(taskToPipe);
        ArgumentNullException.ThrowIfNull(recipient);
        return taskToPipe.ContinueWith(
            ended =>
            {
                if (ended.IsCompletedSuccessfully)
                {
                    recipient.Tell(success is null ? ended.Result! : success(ended.Result), sender);
                }
                else
                {
                    Fail(ended, recipient, sender, failure);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    public static Task PipeTo(this Task taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(taskToPipe);
        ArgumentNullException.ThrowIfNull(recipient);
        return taskToPipe.ContinueWith(
            ended =>
            {
                if (!ended.IsCompletedSuccessfully)
                {
                    Fail(ended, recipient, sender, failure);
                }
                else if (success is not null)
                {
                    recipient.Tell(success(), sender);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    public static Task PipeTo<T>(this ValueTask<T> taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null) =>
        taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);

    public static Task PipeTo(this ValueTask taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null) =>
        taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);

    private static void Fail(Task ended, ICanTell recipient, IActorRef? sender, Func<Exception, object>? failure)
    {
        Exception cause = ended.IsCanceled ? new TaskCanceledException(ended) : ended.Exception!.InnerExceptions.Count == 1 ? ended.Exception.InnerException! : ended.Exception;
        recipient.Tell(failure is null ? new Status.Failure(cause) : failure(cause), sender);
    }
}
