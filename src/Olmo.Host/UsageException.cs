namespace Olmo.Host;

/// <summary>What the user asked for cannot be done as asked; the message is for them, one line a problem, and no stack trace is shown. Exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
