namespace Olmo.Runtime.Actor;

/// <summary>
/// The only ambient state of the runtime, a slot that says which actor the current code belongs to. The thread's part is set by the
/// run loop around each message; the flow's part gives code outside actors (a test) a sender, and follows its awaits.
/// </summary>
internal static class ActorContextSlot
{
    [ThreadStatic]
    private static ActorCell? s_current;

    private static readonly AsyncLocal<IActorRef?> s_outsideSender = new();

    public static ActorCell? Current => s_current;

    public static IActorRef? CurrentSender => s_current is { } cell ? cell.Self : s_outsideSender.Value;

    public static void SetOutsideSender(IActorRef? sender) => s_outsideSender.Value = sender;

    /// <summary>Makes <paramref name="cell"/> current and returns what was, for <see cref="Leave"/>.</summary>
    public static ActorCell? Enter(ActorCell? cell)
    {
        ActorCell? before = s_current;
        s_current = cell;
        return before;
    }

    public static void Leave(ActorCell? before) => s_current = before;
}
