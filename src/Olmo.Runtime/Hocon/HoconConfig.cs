using Olmo.Runtime.Configuration;

namespace Olmo.Runtime.Hocon;

/// <summary>Between <see cref="Config"/>, whose surface is Akka.NET's, and what is our own.</summary>
public static class HoconConfig
{
    /// <summary>A configuration over a parsed document.</summary>
    /// <param name="document">May hold open substitutions: they are resolved when a value is first read.</param>
    /// <param name="environment">Value of an environment variable, or null; null: there is no environment.</param>
    public static Config FromDocument(HoconDocument document, Func<string, string?>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        return new Config(document, environment);
    }

    /// <summary>The document behind a configuration, fallbacks included, with open substitutions.</summary>
    public static HoconDocument ToDocument(this Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.HoconDocument;
    }

    /// <summary>The resolved values of a configuration, with origins.</summary>
    /// <exception cref="HoconException">Kinds UnresolvedSubstitution and WrongType, with source and line.</exception>
    public static HoconObject Resolve(this Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Resolved;
    }
}
