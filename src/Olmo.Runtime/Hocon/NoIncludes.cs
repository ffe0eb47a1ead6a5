namespace Olmo.Runtime.Hocon;

/// <summary>Finds nothing: includes are empty, required ones an error.</summary>
public sealed class NoIncludes : IHoconIncludes
{
    public static NoIncludes Instance { get; } = new();

    public HoconText? Find(HoconIncludeKind kind, string name, HoconText from) => null;
}
