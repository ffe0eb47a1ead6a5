namespace Olmo.Runtime.Hocon;

/// <summary>A string, number, boolean or null.</summary>
public sealed class HoconScalar : HoconValue
{
    internal HoconScalar(HoconOrigin origin, HoconScalarKind kind, string text)
        : base(origin)
    {
        Kind = kind;
        Text = text;
    }

    public HoconScalarKind Kind { get; }

    /// <summary>The content of a string; numbers, booleans and null as they were written.</summary>
    public string Text { get; }

    public bool IsNull => Kind == HoconScalarKind.Null;

    public override string TypeName => Kind switch
    {
        HoconScalarKind.Null => "null",
        HoconScalarKind.Boolean => "boolean",
        HoconScalarKind.Number => "number",
        _ => "string",
    };
}
