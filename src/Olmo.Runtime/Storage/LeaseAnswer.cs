namespace Olmo.Runtime.Storage;

/// <summary>What became of asking for a lease.</summary>
/// <param name="Granted">Whether the asker holds it now.</param>
/// <param name="Token">Its token: the asker's where granted, else the holder's.</param>
/// <param name="Owner">Who holds it.</param>
/// <param name="Remaining">How long it still holds without renewal.</param>
/// <param name="AcquiredAt">When it was acquired, by the clock of the machine.</param>
public sealed record LeaseAnswer(bool Granted, long Token, string Owner, TimeSpan Remaining, DateTimeOffset AcquiredAt);
