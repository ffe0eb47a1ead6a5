using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Configuration;

/// <summary>A configuration cannot be read or holds what the reader cannot use.</summary>
public class ConfigurationException : AkkaException
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception exception)
        : base(message, exception)
    {
    }
}
