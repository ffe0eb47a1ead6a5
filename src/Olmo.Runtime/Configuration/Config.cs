using Olmo.Runtime.Hocon;

namespace Olmo.Runtime.Configuration;

/// <summary>
/// Akka.NET's view of a configuration. A missing path gives the default, not an exception; a value of the wrong type is a
/// <see cref="ConfigurationException"/> that names file, line and path.
/// </summary>
public class Config
{
    public static readonly Config Empty = new();

    private readonly Lazy<HoconObject> resolved;

    public Config()
        : this(HoconDocument.Empty, null)
    {
    }

    /// <summary>A configuration over another.</summary>
    public Config(Config source, Config fallback)
        : this(Document(source).WithFallback(Document(fallback)), source.Environment ?? fallback.Environment)
    {
    }

    internal Config(HoconDocument document, Func<string, string?>? environment)
    {
        HoconDocument = document;
        Environment = environment;
        resolved = new Lazy<HoconObject>(Resolve);
    }

    public virtual bool IsEmpty => HoconDocument.IsEmpty;

    internal HoconDocument HoconDocument { get; }

    internal Func<string, string?>? Environment { get; }

    internal HoconObject Resolved => resolved.Value;

    public virtual bool GetBoolean(string path, bool @default = false) => Read(path, @default, static (v, p) => v.AsBoolean(p));

    /// <summary>A size in bytes, or null where there is none.</summary>
    public virtual long? GetByteSize(string path) => GetByteSize(path, null);

    public virtual long? GetByteSize(string path, long? def = null) => Read(path, def, static (v, p) => (long?)v.AsSizeBytes(p));

    /// <summary>The object at a path as a configuration of its own; empty where there is none.</summary>
    public virtual Config GetConfig(string path) =>
        Read(path, Empty, static (v, p) => v is HoconObject o ? new Config(HoconDocument.Of(o), null) : throw HoconConversions.Wrong(v, p, $"a {v.TypeName}", "an object"));

    public virtual double GetDouble(string path, double @default = 0) => Read(path, @default, static (v, p) => v.AsDouble(p));

    public virtual int GetInt(string path, int @default = 0) => Read(path, @default, static (v, p) => v.AsInt32(p));

    public virtual long GetLong(string path, long @default = 0) => Read(path, @default, static (v, p) => v.AsInt64(p));

    public virtual string? GetString(string path, string? @default = null) => Read(path, @default, static (v, p) => v.AsString(p));

    /// <summary>The texts of a list; empty where there is none.</summary>
    public virtual IList<string> GetStringList(string path) => Read<IList<string>>(path, [], static (v, p) => [.. v.AsStringList(p)]);

    /// <summary>A duration that is not negative; <c>infinite</c> gives -1 ms (<see cref="Timeout.InfiniteTimeSpan"/>) where allowed. Default: zero.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) => Read(path, @default ?? TimeSpan.Zero, (v, p) =>
    {
        if (allowInfinite && v is HoconScalar { Text: "infinite" })
        {
            return Timeout.InfiniteTimeSpan;
        }

        TimeSpan value = v.AsTimeSpan(p);
        return value >= TimeSpan.Zero ? value : throw HoconConversions.Bad(v, p, $"'{v.AsString(p)}'", "a duration of 0 or more");
    });

    public virtual bool HasPath(string path) => Guard(() => Resolved.HasPath(path));

    /// <summary>This configuration over another.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        return fallback.IsEmpty ? this : IsEmpty ? fallback : new Config(this, fallback);
    }

    public static Config operator +(Config config, string fallback)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.WithFallback(ConfigurationFactory.ParseString(fallback));
    }

    public static Config operator +(string configHocon, Config fallbackConfig) => ConfigurationFactory.ParseString(configHocon).WithFallback(fallbackConfig);

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    /// <summary>The resolved configuration as HOCON.</summary>
    public override string ToString() => Guard(() => HoconRenderer.ToHocon(Resolved));

    private static HoconDocument Document(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.HoconDocument;
    }

    private static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (HoconException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private HoconObject Resolve() => HoconDocument.Resolve(Environment);

    private T Read<T>(string path, T missing, Func<HoconValue, string, T> read) => Guard(() => Resolved.Find(path) switch
    {
        null or HoconScalar { IsNull: true } => missing,
        { } value => read(value, path),
    });
}
