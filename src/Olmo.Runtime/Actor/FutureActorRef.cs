namespace Olmo.Runtime.Actor;

/// <summary>Takes the one answer to an Ask; continuations never run on the answering actor's turn.</summary>
internal sealed class FutureActorRef(ActorPath path) : InternalActorRef(path)
{
    private readonly TaskCompletionSource<object> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void Tell(object message, IActorRef? sender) => _answer.TrySetResult(message);

    public override void SendSystem(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch)
        {
            watch.Watcher.SendSystem(new SystemMessage.DeathNotice(this, false));
        }
    }

    public async Task<T> Result<T>(TimeSpan? timeout, TimeProvider time, ICanTell asked, object message)
    {
        object answer;
        try
        {
            answer = timeout is { } limit && limit != Timeout.InfiniteTimeSpan
                ? await _answer.Task.WaitAsync(limit, time).ConfigureAwait(false)
                : await _answer.Task.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new AskTimeoutException($"Timeout after {timeout} seconds: {message.GetType().Name} to {asked}");
        }

        return answer switch
        {
            Status.Failure failure when typeof(T) != typeof(object) => throw failure.Cause,
            T fitting => fitting,
            _ => throw new ArgumentException($"Received message of type [{answer.GetType()}] - Ask expected message of type [{typeof(T)}]"),
        };
    }
}
