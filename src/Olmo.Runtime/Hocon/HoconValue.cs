namespace Olmo.Runtime.Hocon;

/// <summary>A resolved value: immutable, without substitutions, with the place where it was written.</summary>
public abstract class HoconValue
{
    private protected HoconValue(HoconOrigin origin) => Origin = origin;

    public HoconOrigin Origin { get; }

    /// <summary>Name of the type for messages: object, list, string, number, boolean or null.</summary>
    public abstract string TypeName { get; }

    /// <summary>JSON on one line, keys in order of appearance.</summary>
    public override string ToString() => HoconRenderer.ToJson(this);
}
