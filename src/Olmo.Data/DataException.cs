namespace Olmo.Data;

/// <summary>Data on disk, or a setting that concerns it, is not what it must be. The message names the file (and line or key), the value and the limit.</summary>
public class DataException : Exception
{
    public DataException(string message)
        : base(message)
    {
    }

    public DataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
