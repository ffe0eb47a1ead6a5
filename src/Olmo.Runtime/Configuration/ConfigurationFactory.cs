using Olmo.Runtime.Hocon;

namespace Olmo.Runtime.Configuration;

/// <summary>Makes configurations from text.</summary>
public class ConfigurationFactory
{
    public static Config Empty => Config.Empty;

    /// <summary>Parses HOCON. Substitutions are resolved when a value is first read, over all fallbacks.</summary>
    /// <exception cref="ConfigurationException">The text is no HOCON; the inner exception has line and kind.</exception>
    public static Config ParseString(string hocon)
    {
        ArgumentNullException.ThrowIfNull(hocon);
        try
        {
            return HoconConfig.FromDocument(HoconDocument.Parse(hocon));
        }
        catch (HoconException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }
}
