using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Scheduling;

/// <summary>Lets an awaiting handler learn that its actor is to stop.</summary>
public static class HandlerStop
{
    /// <summary>
    /// A token that is cancelled when a stop or restart waits for the handler that is running. Read it in the handler, before the first
    /// await; the handler has <see cref="Hosting.ActorSystemOptions.HandlerGrace"/> to end.
    /// </summary>
    public static CancellationToken StopToken(this IActorContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ((ActorCell)context).StopToken;
    }
}
