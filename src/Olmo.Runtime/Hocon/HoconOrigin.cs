namespace Olmo.Runtime.Hocon;

/// <summary>Where a value was written: the source (a file path, "--set", "environment" or a name given by the caller) and the line in it, from 1.</summary>
/// <param name="Source">Name of the text, printed in front of every error.</param>
/// <param name="Line">Line from 1; 0 where the source has no lines.</param>
public sealed record HoconOrigin(string Source, int Line)
{
    /// <summary>Comments directly above the field, then the one beside it, without the comment signs; empty for values without any.</summary>
    public IReadOnlyList<string> Comments { get; init; } = [];

    /// <summary>Both places: comments are no part of the identity.</summary>
    public bool Equals(HoconOrigin? other) => other is not null && Line == other.Line && string.Equals(Source, other.Source, StringComparison.Ordinal);

    public override int GetHashCode() => (StringComparer.Ordinal.GetHashCode(Source) * 397) ^ Line;

    /// <summary><c>source:line</c>, or the source alone where it has no lines.</summary>
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}
