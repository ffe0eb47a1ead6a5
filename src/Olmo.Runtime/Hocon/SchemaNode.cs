namespace Olmo.Runtime.Hocon;

/// <summary>What is known about one key of the reference.</summary>
internal sealed class SchemaNode(SchemaMarks marks, string description, bool isSection)
{
    public SchemaMarks Marks { get; } = marks;

    public string Description { get; } = description;

    /// <summary>Whether the value is an object with known keys.</summary>
    public bool IsSection { get; } = isSection;

    public bool IsNumeric => Marks.HasFlag(SchemaMarks.Numeric);

    public bool IsSecret => Marks.HasFlag(SchemaMarks.Secret);

    /// <summary>Any keys are allowed below.</summary>
    public bool IsOpen => Marks.HasFlag(SchemaMarks.AnyKeys);

    public Dictionary<string, SchemaNode> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>What every child is like whose name the user chooses.</summary>
    public SchemaNode? AnyChild { get; set; }

    /// <summary>What every element of a list is like.</summary>
    public SchemaNode? Element { get; set; }

    /// <summary>Defaults of a child or element; null for values without inner keys.</summary>
    public HoconObject? Template { get; set; }

    /// <summary>The node of a child, null where no such key is known.</summary>
    public SchemaNode? Child(string key) => Children.GetValueOrDefault(key) ?? AnyChild;
}
