namespace Olmo.Data.Documents;

/// <summary>What the recipe key <c>data.source</c> names.</summary>
public enum DocumentSourceKind
{
    /// <summary>By the path: none: the SDK's documentation; JSON lines if it is or holds such files; else text.</summary>
    Auto = 0,

    /// <summary>XML documentation of .NET reference assemblies.</summary>
    DotnetDocumentation = 1,

    /// <summary>Plain text.</summary>
    Text = 2,

    /// <summary>JSON lines.</summary>
    Jsonl = 3,
}
