namespace Olmo.Actors.Runs;

/// <summary>Who speaks for a run: its name and the lease's token, which fences every write.</summary>
public sealed record RunIdentity(string Name, long Token);
