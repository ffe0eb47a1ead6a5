namespace Olmo.Actors.Nodes;

/// <summary>Where a node keeps how often ranks in its places were convicted of wrong arithmetic: a place is a piece of hardware, which no restart mends.</summary>
public interface IConvictionRecord
{
    /// <summary>Convictions by place.</summary>
    IReadOnlyDictionary<int, int> Read();

    /// <summary>Replaces what is kept; durable on return.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    void Write(IReadOnlyDictionary<int, int> convictions);
}

/// <summary>Keeps nothing.</summary>
internal sealed class NoConvictionRecord : IConvictionRecord
{
    public static NoConvictionRecord Instance { get; } = new();

    public IReadOnlyDictionary<int, int> Read() => new Dictionary<int, int>();

    public void Write(IReadOnlyDictionary<int, int> convictions)
    {
        // What is counted ends with the node.
    }
}
