namespace Olmo.Runtime;

/// <summary>The result of a task that yields nothing but its end.</summary>
public sealed class Done
{
    public static readonly Done Instance = new();

    private Done()
    {
    }
}
