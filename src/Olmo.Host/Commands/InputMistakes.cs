using Olmo.Data;

namespace Olmo.Host.Commands;

/// <summary>What is wrong with files and values that a user named.</summary>
internal static class InputMistakes
{
    /// <summary>Runs a verb's work; what the user can mend becomes a message of one line.</summary>
    /// <exception cref="UsageException">A file cannot be read or written, is not what it must be, or a value is outside its limits.</exception>
    public static void AsUsage(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is DataException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message.ReplaceLineEndings(" "));
        }
    }
}
