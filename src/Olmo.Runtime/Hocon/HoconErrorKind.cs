namespace Olmo.Runtime.Hocon;

/// <summary>What is wrong with a configuration; callers decide on this, never on the message.</summary>
public enum HoconErrorKind
{
    /// <summary>The text is no HOCON, or includes nest too deeply.</summary>
    Parse = 1,

    /// <summary>A key or path expression is malformed.</summary>
    BadPath = 2,

    /// <summary>A <c>${...}</c> names nothing or is part of a cycle.</summary>
    UnresolvedSubstitution = 3,

    /// <summary>A value has another type than asked for, or values that do not go together were joined.</summary>
    WrongType = 4,

    /// <summary>The type fits but the value does not: unknown unit, out of range, not one of the choices.</summary>
    BadValue = 5,

    /// <summary>The value is null where one is needed.</summary>
    Null = 6,

    /// <summary>There is no value at the path.</summary>
    Missing = 7,

    /// <summary>A file could not be read.</summary>
    IO = 8,
}
