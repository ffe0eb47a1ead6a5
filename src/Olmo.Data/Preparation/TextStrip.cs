namespace Olmo.Data.Preparation;

/// <summary>Python's <c>str.strip()</c>: like <see cref="string.Trim()"/>, and U+001C to U+001F too.</summary>
internal static class TextStrip
{
    public static string Strip(string text)
    {
        int start = 0;
        int end = text.Length;
        while (start < end && IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
