namespace Olmo.Data.Documents;

/// <summary>How a text file becomes documents.</summary>
public enum TextSplit
{
    /// <summary>One document per file.</summary>
    File = 0,

    /// <summary>One document per run of lines between blank lines.</summary>
    BlankLines = 1,

    /// <summary>Runs between blank lines, joined until they reach a size: for one large file, so that parts can be held out.</summary>
    Blocks = 2,
}
