namespace Olmo.Runtime.Storage;

/// <summary>The storage failed, was locked or gone; whether a write happened is unknown until a replay.</summary>
public sealed class JournalUnavailableException(string operation, Exception inner) : Exception($"journal: {operation} failed: {inner.Message}", inner);
