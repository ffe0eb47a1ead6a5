namespace Olmo.Runtime.Hocon;

/// <summary>Type of a scalar as it was written.</summary>
public enum HoconScalarKind
{
    Null = 0,
    Boolean = 1,
    Number = 2,
    String = 3,
}
