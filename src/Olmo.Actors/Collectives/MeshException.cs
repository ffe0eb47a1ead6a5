namespace Olmo.Actors.Collectives;

/// <summary>A mesh has failed; every call on it says so with the first error.</summary>
public sealed class MeshException(MeshError error, Exception? innerException = null)
    : Exception((error ?? throw new ArgumentNullException(nameof(error))).Message, innerException)
{
    /// <summary>First error of the mesh.</summary>
    public MeshError Error { get; } = error;
}
