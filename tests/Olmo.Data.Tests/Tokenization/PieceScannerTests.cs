using System.Text;
using System.Text.RegularExpressions;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Tests.Tokenization;

public sealed class PieceScannerTests
{
    /// <summary>Where the classes of .NET's patterns agree with the reference: no astral letters, no long s.</summary>
    private const string Alphabet = "aZéß日'''strevlmdSTREVLMD  \t\n\r\u00A0\u2003\u0085123²Ⅷ.,!-$€\u0301_\0\u001C\u200B";

    [Theory]
    [InlineData(PreTokenizerReader.Gpt2Pattern, 0)]
    [InlineData(PreTokenizerReader.Cl100kPattern, 3)]
    public void Next_RandomText_CutsAsThePattern(string pattern, int digits)
    {
        PieceScanner scanner = digits == 0 ? new Gpt2Scanner() : new Cl100kScanner(digits);
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        ulong state = 20241231;
        for (int round = 0; round < 4000; round++)
        {
            StringBuilder builder = new();
            for (int length = 1 + Next(24); length > 0; length--)
            {
                builder.Append(Alphabet[Next(Alphabet.Length)], 1 + (Next(4) == 0 ? Next(5) : 0));
            }

            string text = builder.ToString();
            List<string> pieces = [];
            for (int start = 0, end; start < text.Length; start = end)
            {
                end = scanner.Next(text, start);
                pieces.Add(text[start..end]);
            }

            Assert.Equal(regex.Matches(text).Select(m => m.Value), pieces);
        }

        int Next(int limit)
        {
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            return (int)((state >> 33) % (ulong)limit);
        }
    }

    [Fact]
    public void Next_AstralLettersAndLoneSurrogates_AreWholeCodePoints()
    {
        const string Letters = "\U00010400\U00010401"; // Deseret
        Assert.Equal(4, new Gpt2Scanner().Next(Letters, 0));
        Assert.Equal(5, new Cl100kScanner(3).Next("😀" + Letters[..2] + "x", 0)); // one other character, then letters
        Assert.Equal(2, new Gpt2Scanner().Next(" \uD800 ", 0));
        Assert.Equal(2, new Cl100kScanner(3).Next("\uDC00\uD800x", 0)); // the wrong way round: no pair, two other characters
    }

    [Fact]
    public void Next_LongS_IsAContractionOfCl100kOnly()
    {
        Assert.Equal(2, new Cl100kScanner(3).Next("'ſx", 0));
        Assert.Equal(1, new Gpt2Scanner().Next("'ſx", 0));
    }
}
