namespace Olmo.Runtime.Actor;

/// <summary>Root of the runtime's own exceptions; it keeps Akka.NET's name so that handlers compile against either.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException()
    {
    }

    protected AkkaException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    protected Exception? Cause => InnerException;
}
