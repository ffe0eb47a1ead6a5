namespace Olmo.Runtime.Hocon;

/// <summary>Markers that a comment of the reference begins with.</summary>
[Flags]
internal enum SchemaMarks
{
    None = 0,
    Numeric = 1,
    Operational = 2,
    Secret = 4,
    AnyKeys = 8,
    Template = 16,
}
