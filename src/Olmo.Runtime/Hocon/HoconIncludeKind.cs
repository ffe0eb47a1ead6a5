namespace Olmo.Runtime.Hocon;

/// <summary>Form of an include statement.</summary>
public enum HoconIncludeKind
{
    /// <summary><c>include "name"</c>: beside the including text, then the resource root.</summary>
    Heuristic = 0,

    /// <summary><c>include file("name")</c>: a file path, relative to the working directory.</summary>
    File = 1,

    /// <summary><c>include classpath("name")</c>: below the resource root.</summary>
    Classpath = 2,

    /// <summary><c>include url("name")</c>.</summary>
    Url = 3,
}
