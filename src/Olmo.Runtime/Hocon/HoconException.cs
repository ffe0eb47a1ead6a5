namespace Olmo.Runtime.Hocon;

/// <summary>A configuration cannot be read. The message starts with <c>source:line</c> and names the offending text and what was expected.</summary>
public sealed class HoconException : Exception
{
    internal HoconException(HoconErrorKind kind, HoconOrigin origin, string problem, string? token = null, string? expected = null, Exception? cause = null)
        : base(Compose(origin, problem, token, expected), cause)
    {
        Kind = kind;
        Origin = origin;
        Token = token;
        Expected = expected;
    }

    public HoconErrorKind Kind { get; }

    /// <summary>Place of the offending text.</summary>
    public HoconOrigin Origin { get; }

    /// <summary>The offending text, or null where there is none (end of file, missing value).</summary>
    public string? Token { get; }

    /// <summary>What would have been accepted, or null where that is no short phrase.</summary>
    public string? Expected { get; }

    private static string Compose(HoconOrigin origin, string problem, string? token, string? expected)
    {
        string text = $"{origin}: {problem}";
        if (token is not null)
        {
            text += $", found {token}";
        }

        return expected is null ? text : $"{text}, expected {expected}";
    }
}
