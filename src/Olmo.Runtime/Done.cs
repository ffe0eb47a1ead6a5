namespace Olmo.Runtime;

/// <summary>The result of a task that yields nothing but its end. It lies in the root because Akka.NET has it as <c>Akka.Done</c>.</summary>
public sealed class Done
{
    public static readonly Done Instance = new();

    private Done()
    {
    }
}
