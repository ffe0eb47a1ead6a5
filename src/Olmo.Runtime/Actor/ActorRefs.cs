namespace Olmo.Runtime.Actor;

/// <summary>References that belong to no system.</summary>
public static class ActorRefs
{
    /// <summary>No sender: null.</summary>
    public static readonly IActorRef? NoSender;

    /// <summary>Takes every message and does nothing.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;
}
