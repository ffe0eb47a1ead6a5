namespace Olmo.Actors.Collectives;

/// <summary>Marks the threads that read links: a call that waits would keep a peer's messages from being read.</summary>
internal static class ReceivingThread
{
    [ThreadStatic]
    private static bool t_isReceiving;

    public static bool IsCurrent => t_isReceiving;

    public static void Enter() => t_isReceiving = true;
}
