namespace Olmo.Runtime.Hocon;

/// <summary>Finds what an include statement names.</summary>
public interface IHoconIncludes
{
    /// <summary>The text named, or null where there is none. The parser adds the extensions: a name given here is complete.</summary>
    /// <param name="kind">Form of the statement.</param>
    /// <param name="name">The name as written, with extension.</param>
    /// <param name="from">The including text.</param>
    /// <exception cref="IOException">It exists but cannot be read.</exception>
    HoconText? Find(HoconIncludeKind kind, string name, HoconText from);
}
