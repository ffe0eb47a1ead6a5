using System.Text.Json;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

public sealed class UnicodeGoldenTests
{
    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void CharacterClass_EveryCodePoint_IsThatOfTheReference(string name)
    {
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "char-classes.json").GetProperty(name);
        byte[] expected = new byte[0x110000];
        Fill("letter", CharacterClass.Letter);
        Fill("number", CharacterClass.Number);
        Fill("space", CharacterClass.Space);
        Fill("newline_after_punctuation", CharacterClass.NewLine);
        for (int c = 0; c < expected.Length; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF)
            {
                continue;
            }

            byte actual = CharacterClass.At(char.ConvertFromUtf32(c), 0, out int width);
            bool newLine = name == "neox" && c is '\r' or '\n'; // white space like any other there
            Assert.True(expected[c] == (newLine ? CharacterClass.Space : actual), $"U+{c:X4}: {expected[c]} but {actual}");
            Assert.Equal(c < 0x10000 ? 1 : 2, width);
        }

        void Fill(string property, byte value)
        {
            foreach ((int first, int last) in Ranges(golden.GetProperty(property)))
            {
                Array.Fill(expected, value, first, last - first + 1);
            }
        }
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Scanner_EveryCodePointBehindAnApostrophe_IsTheReferenceContraction(string name)
    {
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "char-classes.json").GetProperty(name);
        PieceScanner scanner = GoldenTokenizers.ScannerOf(name);
        HashSet<int> one = CodePoints(golden.GetProperty("contraction_one_letter"));
        Assert.All(AllLetters(), c => Assert.Equal(one.Contains(c), scanner.Next($"'{char.ConvertFromUtf32(c)}x", 0) == 1 + char.ConvertFromUtf32(c).Length));
        foreach (string pair in (string[])["re", "ve", "ll"])
        {
            JsonElement two = golden.GetProperty("contraction_two_letters").GetProperty(pair);
            HashSet<int> first = CodePoints(two.GetProperty("first"));
            HashSet<int> second = CodePoints(two.GetProperty("second"));
            Assert.All(AllLetters().Where(c => !one.Contains(c)), c =>
            {
                string s = char.ConvertFromUtf32(c);
                Assert.Equal(first.Contains(c), scanner.Next($"'{s}{pair[1]}x", 0) == 2 + s.Length);
                Assert.Equal(second.Contains(c), scanner.Next($"'{pair[0]}{s}x", 0) == 2 + s.Length);
            });
        }
    }

    [ReferenceFact]
    public void Nfc_EveryCodePointAlone_ChangesAsInTheReference()
    {
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "nfc.json");
        Dictionary<int, string> changes = golden.GetProperty("single_changes").EnumerateArray().ToDictionary(
            e => Hex(e[0]), e => string.Concat(e[1].EnumerateArray().Select(c => char.ConvertFromUtf32(Hex(c)))));
        Assert.Equal(1120, changes.Count);
        Assert.All(AllScalars(), c => Assert.Equal(changes.GetValueOrDefault(c), NfcNormalizer.Normalize(char.ConvertFromUtf32(c))));
    }

    [ReferenceFact]
    public void Nfc_CombiningClasses_AreThoseOfTheReference()
    {
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "nfc.json");
        Dictionary<int, int> expected = [];
        foreach (JsonProperty ofClass in golden.GetProperty("nonstarters").EnumerateObject())
        {
            foreach ((int first, int last) in Ranges(ofClass.Value))
            {
                for (int c = first; c <= last; c++)
                {
                    expected.Add(c, int.Parse(ofClass.Name));
                }
            }
        }

        // A mark that NFC replaces has no class that probing could show.
        HashSet<int> replaced = [.. golden.GetProperty("single_changes").EnumerateArray().Select(e => Hex(e[0]))];
        Assert.All(
            AllScalars().Where(c => !replaced.Contains(c)),
            c => Assert.Equal(expected.GetValueOrDefault(c), NfcTables.Shared.CombiningClass(c)));
        Assert.Equal(98, golden.GetProperty("combining_class_differs").GetArrayLength());
        Assert.All(golden.GetProperty("combining_class_differs").EnumerateArray(), e => Assert.Equal(e[2].GetInt32(), NfcTables.Shared.CombiningClass(Hex(e[0]))));
    }

    [ReferenceFact]
    public void Nfc_Compositions_AreAsManyAsInTheReference()
    {
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "nfc.json");
        int composing = 0;
        List<int> parts = [];
        foreach (int c in AllScalars().Where(c => c is < 0xAC00 or > 0xD7A3))
        {
            string s = char.ConvertFromUtf32(c);
            parts.Clear();
            NfcTables.Shared.Decompose(c, parts);
            string decomposed = string.Concat(parts.Select(char.ConvertFromUtf32));
            composing += parts.Count > 1 && (NfcNormalizer.Normalize(decomposed) ?? decomposed) == s ? 1 : 0;
        }

        Assert.Equal(golden.GetProperty("compositions_agreeing").GetInt32(), composing);
        foreach (JsonElement apart in golden.GetProperty("compositions_not_done").EnumerateArray())
        {
            Assert.Equal("11938", apart.GetString());
            Assert.Null(NfcNormalizer.Normalize("\U00011935\U00011930"));
        }
    }

    private static IEnumerable<int> AllScalars() => Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF);

    private static IEnumerable<int> AllLetters() => AllScalars().Where(c => CharacterClass.OfCodePoint(c) == CharacterClass.Letter);

    private static HashSet<int> CodePoints(JsonElement list) => [.. list.EnumerateArray().Select(Hex)];

    private static IEnumerable<(int First, int Last)> Ranges(JsonElement list) => list.EnumerateArray().Select(r => (Hex(r[0]), Hex(r[1])));

    private static int Hex(JsonElement text) => Convert.ToInt32(text.GetString(), 16);
}
