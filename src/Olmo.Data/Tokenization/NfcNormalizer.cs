using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Canonical composition (UAX 15) with the data of Unicode 9, as the reference tokenizers do it. Only stretches around code points
/// that can change are worked on; text below U+0300 costs one vectorised scan.
/// </summary>
internal static class NfcNormalizer
{
    /// <summary>The normalised text, or null where the text is in NFC already.</summary>
    /// <param name="text">UTF-16; unpaired surrogates are kept.</param>
    /// <param name="sources">Gets the origin of every unit of the result; untouched if the result is null.</param>
    public static string? Normalize(ReadOnlySpan<char> text, List<SourceRange>? sources = null)
    {
        int low = text.IndexOfAnyInRange('\u0300', '\uFFFF');
        if (low < 0)
        {
            return null;
        }

        NfcTables tables = NfcTables.Shared;
        int affected = NextAffected(tables, text, low);
        if (affected == text.Length)
        {
            return null;
        }

        StringBuilder result = new(text.Length);
        List<Element> run = [];
        List<int> parts = [];
        int done = 0;
        while (affected < text.Length)
        {
            int runStart = affected > done ? PreviousCodePoint(text, affected, done) : affected;
            int runEnd = NextUnaffected(tables, text, affected);
            Copy(text, done, runStart, result, sources);
            run.Clear();
            DecomposeRun(tables, text, runStart, runEnd, run, parts);
            Compose(tables, run, result, sources);
            done = runEnd;
            affected = NextAffected(tables, text, runEnd);
        }

        Copy(text, done, text.Length, result, sources);
        string normalized = result.ToString();
        if (text.SequenceEqual(normalized))
        {
            sources?.Clear();
            return null;
        }

        return normalized;
    }

    private static int CodePointAt(ReadOnlySpan<char> text, int index, out int width)
    {
        if (char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            width = 2;
            return char.ConvertToUtf32(text[index], text[index + 1]);
        }

        width = 1;
        return text[index];
    }

    private static int PreviousCodePoint(ReadOnlySpan<char> text, int index, int limit) =>
        index - 2 >= limit && char.IsLowSurrogate(text[index - 1]) && char.IsHighSurrogate(text[index - 2]) ? index - 2 : index - 1;

    private static int NextAffected(NfcTables tables, ReadOnlySpan<char> text, int index)
    {
        while (index < text.Length)
        {
            char unit = text[index];
            if (tables.IsAffected(unit))
            {
                break;
            }

            if (char.IsHighSurrogate(unit))
            {
                if (tables.IsAffected(CodePointAt(text, index, out int width)))
                {
                    break;
                }

                index += width;
            }
            else
            {
                index++;
            }
        }

        return index;
    }

    private static int NextUnaffected(NfcTables tables, ReadOnlySpan<char> text, int index)
    {
        while (index < text.Length && tables.IsAffected(CodePointAt(text, index, out int width)))
        {
            index += width;
        }

        return index;
    }

    private static void Copy(ReadOnlySpan<char> text, int start, int end, StringBuilder result, List<SourceRange>? sources)
    {
        result.Append(text[start..end]);
        for (int i = start; sources is not null && i < end; i++)
        {
            sources.Add(new SourceRange(i, i + 1));
        }
    }

    /// <summary>Decomposes and puts marks in canonical order (stable insertion by combining class).</summary>
    private static void DecomposeRun(NfcTables tables, ReadOnlySpan<char> text, int start, int end, List<Element> run, List<int> parts)
    {
        bool ordered = true;
        for (int i = start, width; i < end; i += width)
        {
            parts.Clear();
            tables.Decompose(CodePointAt(text, i, out width), parts);
            foreach (int part in parts)
            {
                int combiningClass = tables.CombiningClass(part);
                ordered &= combiningClass == 0 || run.Count == 0 || run[^1].CombiningClass <= combiningClass;
                run.Add(new Element(part, combiningClass, i, i + width));
            }
        }

        for (int first = 0; !ordered && first < run.Count; first++)
        {
            int last = first;
            while (last < run.Count && run[last].CombiningClass != 0)
            {
                last++;
            }

            if (last - first > 1)
            {
                SortMarks(run, first, last);
            }

            first = last;
        }
    }

    /// <summary>Stable also for very long runs of marks, which an insertion sort would take quadratic time for.</summary>
    private static void SortMarks(List<Element> run, int first, int last)
    {
        Element[] sorted = [.. run.GetRange(first, last - first).OrderBy(e => e.CombiningClass)];
        for (int i = 0; i < sorted.Length; i++)
        {
            run[first + i] = sorted[i];
        }
    }

    private static void Compose(NfcTables tables, List<Element> run, StringBuilder result, List<SourceRange>? sources)
    {
        int count = 0;
        int starter = -1;
        int lastClass = 0;
        for (int i = 0; i < run.Count; i++)
        {
            Element element = run[i];
            bool blocked = starter < 0 || (count - 1 != starter && lastClass >= element.CombiningClass);
            if (!blocked && tables.TryCompose(run[starter].CodePoint, element.CodePoint, out int composed))
            {
                Element into = run[starter];
                run[starter] = new Element(composed, 0, Math.Min(into.Start, element.Start), Math.Max(into.End, element.End));
                continue;
            }

            if (element.CombiningClass == 0)
            {
                starter = count;
            }

            lastClass = element.CombiningClass;
            run[count++] = element;
        }

        for (int i = 0; i < count; i++)
        {
            Append(run[i], result, sources);
        }
    }

    private static void Append(Element element, StringBuilder result, List<SourceRange>? sources)
    {
        SourceRange range = new(element.Start, element.End);
        if (element.CodePoint < 0x10000)
        {
            result.Append((char)element.CodePoint);
        }
        else
        {
            result.Append(char.ConvertFromUtf32(element.CodePoint));
            sources?.Add(range);
        }

        sources?.Add(range);
    }

    private readonly record struct Element(int CodePoint, int CombiningClass, int Start, int End);
}
