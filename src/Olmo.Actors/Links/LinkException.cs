namespace Olmo.Actors.Links;

/// <summary>A link cannot be made or was closed: refused, another protocol version, a wrong secret, a frame over the limit, or the peer has gone.</summary>
public sealed class LinkException(string problem, Exception? cause = null) : Exception(problem, cause);
