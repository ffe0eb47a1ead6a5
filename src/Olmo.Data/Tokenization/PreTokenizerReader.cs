using System.Globalization;
using System.Text.RegularExpressions;

namespace Olmo.Data.Tokenization;

/// <summary>Reads the sections around the model: normalizer, pre-tokenizer, post-processor, decoder.</summary>
internal static partial class PreTokenizerReader
{
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    public const string Cl100kPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string ByteLevel = "ByteLevel";

    /// <summary>Whether text is brought into NFC.</summary>
    public static bool ReadNormalizer(JsonCursor? section)
    {
        bool nfc = false;
        foreach (JsonCursor normalizer in Flatten(section, "normalizers"))
        {
            nfc = normalizer.Type() == "NFC" ? true : throw normalizer.Error("must be null or NFC, the only normalizer that is supported");
        }

        return nfc;
    }

    public static PieceScanner ReadScanner(JsonCursor root)
    {
        JsonCursor preTokenizer = root.Required("pre_tokenizer");
        JsonCursor[] steps = [.. Flatten(preTokenizer, "pretokenizers")];
        JsonCursor? byteLevel = steps.Length > 0 ? steps[^1] : null;
        if (byteLevel is not { } last || last.Type() != ByteLevel || steps.Length > 2)
        {
            throw preTokenizer.Error("must be ByteLevel, or one Split and then ByteLevel");
        }

        if (last.Flag("add_prefix_space", absent: true))
        {
            throw last.Error("must have \"add_prefix_space\": false, as a blank in front is not supported");
        }

        bool usesPattern = last.Flag("use_regex", absent: true);
        if (steps.Length == 1)
        {
            return usesPattern ? new Gpt2Scanner() : new WholeTextScanner();
        }

        return usesPattern ? throw last.Error("must have \"use_regex\": false behind a Split") : ReadSplit(steps[0]);
    }

    /// <summary>Whether offsets leave out white space (a ByteLevel post-processor).</summary>
    public static bool ReadTrimsOffsets(JsonCursor? section)
    {
        bool trims = false;
        foreach (JsonCursor step in Flatten(section, "processors"))
        {
            trims = step.Type() == ByteLevel
                ? step.Flag("trim_offsets", absent: true)
                : throw step.Error("must be null or ByteLevel: post-processors that add tokens are not supported");
        }

        return trims;
    }

    public static void RequireByteLevelDecoder(JsonCursor root)
    {
        JsonCursor decoder = root.Required("decoder");
        if (decoder.Type() != ByteLevel)
        {
            throw decoder.Error("must be ByteLevel, the only decoder that is supported");
        }
    }

    private static IEnumerable<JsonCursor> Flatten(JsonCursor? section, string itemsName)
    {
        if (section is not { } value)
        {
            return [];
        }

        return value.Type() == "Sequence" ? value.Required(itemsName).Items() : [value];
    }

    private static PieceScanner ReadSplit(JsonCursor split)
    {
        if (split.Type() != "Split")
        {
            throw split.Error("must be a Split");
        }

        string behavior = split.Required("behavior").Text();
        bool inverted = split.Flag("invert");
        if (!(behavior is "Isolated" or "Removed") || (behavior == "Removed" && !inverted))
        {
            throw split.Error("must keep what the pattern matches: behavior Isolated, or Removed with invert true");
        }

        JsonCursor pattern = split.Required("pattern");
        JsonCursor regex = pattern.Optional("Regex") ?? throw pattern.Error("must be a Regex");
        return ScannerOf(regex.Text()) ?? throw regex.Error(
            "is not a pattern that is known: GPT-2's, or cl100k's with \\p{N}, \\p{N}{1,k} or \\p{N}+ for numbers");
    }

    private static PieceScanner? ScannerOf(string pattern)
    {
        if (pattern == Gpt2Pattern)
        {
            return new Gpt2Scanner();
        }

        // cl100k's family differs in how many digits make a piece.
        Match numbers = NumberPart().Match(pattern);
        if (!numbers.Success || pattern.Remove(numbers.Index, numbers.Length).Insert(numbers.Index, @"|\p{N}{1,3}|") != Cl100kPattern)
        {
            return null;
        }

        return numbers.Groups["count"] is { Success: true } count
            ? new Cl100kScanner(int.Parse(count.Value, CultureInfo.InvariantCulture))
            : new Cl100kScanner(numbers.Value.EndsWith("+|", StringComparison.Ordinal) ? int.MaxValue : 1);
    }

    [GeneratedRegex(@"\|\\p\{N\}(\{1,(?<count>[1-9][0-9]{0,2})\}|\+)?\|", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex NumberPart();
}
