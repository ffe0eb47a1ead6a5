namespace Olmo.Actors.Collectives;

/// <summary>Why a mesh ended.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Peer">Position of the peer on whose link it was seen; -1 where it concerns none.</param>
/// <param name="Culprit">Position that the first report blames: <paramref name="Peer"/>, or whom that peer blamed when it said that it aborts; -1 for nobody.</param>
/// <param name="Message">For a person: values and limits.</param>
public sealed record MeshError(MeshErrorKind Kind, int Peer, int Culprit, string Message)
{
    /// <summary>The mesh's owner asks for its end.</summary>
    public static MeshError Aborted(string message) => new(MeshErrorKind.Aborted, -1, -1, message);

    /// <summary>Something seen on a peer's link.</summary>
    public static MeshError At(MeshErrorKind kind, int peer, string message) => new(kind, peer, peer, message);
}
