namespace Olmo.Actors.Links;

/// <summary>An endpoint is connected to the hub.</summary>
/// <param name="Endpoint">Its name.</param>
/// <param name="Incarnation">Number of its process; a later process under the same name has a higher one.</param>
public sealed record EndpointUp(string Endpoint, long Incarnation);

/// <summary>The socket of an endpoint is closed: its process ended, or a successor took its name.</summary>
public sealed record EndpointDown(string Endpoint, long Incarnation, string Reason);

/// <summary>Nothing was heard from an endpoint for some time although its socket is open: its process is frozen or starved, not dead.</summary>
public sealed record EndpointSilent(string Endpoint, long Incarnation, TimeSpan For);

/// <summary>A silent endpoint is heard again.</summary>
public sealed record EndpointHeard(string Endpoint, long Incarnation);

/// <summary>Published by an endpoint whose hub has gone: the node is dead, and this process ends.</summary>
public sealed record LinkLost(string Reason);

/// <summary>Published when a message was refused: no contract of that name and version, or a body that is not what its contract says. The link stays.</summary>
public sealed record MessageRefused(string From, string Manifest, string Reason);
