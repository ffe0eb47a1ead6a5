using System.Globalization;
using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>The different pieces of a training text as symbols, one behind the other, with how often each occurs.</summary>
internal sealed class TrainingPieces
{
    private readonly int[] _symbols;
    private readonly int[] _starts;
    private readonly int[] _lengths;
    private readonly long[] _occurrences;

    private TrainingPieces(int[] symbols, int[] starts, int[] lengths, long[] occurrences)
    {
        _symbols = symbols;
        _starts = starts;
        _lengths = lengths;
        _occurrences = occurrences;
    }

    public int Count => _lengths.Length;

    public Span<int> SymbolsOf(int piece) => _symbols.AsSpan(_starts[piece], _lengths[piece]);

    public long OccurrencesOf(int piece) => _occurrences[piece];

    public void Shorten(int piece, int length) => _lengths[piece] = length;

    /// <summary>
    /// Makes the alphabet and spells all pieces in it. <paramref name="tokens"/> holds the special tokens and gets the alphabet in code point
    /// order; a character that is a special token keeps that id.
    /// </summary>
    /// <param name="counter">What was counted.</param>
    /// <param name="tokens">Spelling by id.</param>
    /// <param name="byteLevel">Characters are the byte alphabet's spelling of UTF-8, else the text's own code points.</param>
    /// <param name="initialAlphabet">All 256 bytes belong to the alphabet.</param>
    /// <param name="alphabetSizeMax">Keeps the most frequent characters only (of equals the smaller); others vanish from the pieces.</param>
    public static TrainingPieces Spell(PieceCounter counter, List<string> tokens, bool byteLevel, bool initialAlphabet, int? alphabetSizeMax = null)
    {
        SortedDictionary<int, long> occurrences = [];
        for (int b = 0; initialAlphabet && b < 256; b++)
        {
            occurrences[ByteAlphabet.ToChar((byte)b)] = long.MaxValue / 2;
        }

        List<int> characters = [];
        long total = 0;
        for (int piece = 0; piece < counter.Count; piece++)
        {
            ReadCharacters(counter.PieceAt(piece), byteLevel, characters);
            total += characters.Count;
            foreach (int c in characters)
            {
                occurrences[c] = occurrences.GetValueOrDefault(c) + counter.OccurrencesAt(piece);
            }
        }

        if (total > Array.MaxLength)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The training text has {counter.Count} different pieces with {total} bytes, more than {Array.MaxLength}: limit {nameof(BpeTrainerOptions.MaxTrainingBytes)}."));
        }

        Dictionary<int, int> ids = AddAlphabet(occurrences, tokens, alphabetSizeMax);
        return Spell(counter, byteLevel, ids, (int)total);
    }

    private static TrainingPieces Spell(PieceCounter counter, bool byteLevel, Dictionary<int, int> ids, int total)
    {
        int[] symbols = new int[total];
        int[] starts = new int[counter.Count];
        int[] lengths = new int[counter.Count];
        long[] occurrences = new long[counter.Count];
        List<int> characters = [];
        int used = 0;
        for (int piece = 0; piece < counter.Count; piece++)
        {
            starts[piece] = used;
            occurrences[piece] = counter.OccurrencesAt(piece);
            ReadCharacters(counter.PieceAt(piece), byteLevel, characters);
            foreach (int c in characters)
            {
                if (ids.TryGetValue(c, out int id))
                {
                    symbols[used++] = id;
                }
            }

            lengths[piece] = used - starts[piece];
        }

        return new TrainingPieces(symbols, starts, lengths, occurrences);
    }

    private static Dictionary<int, int> AddAlphabet(SortedDictionary<int, long> occurrences, List<string> tokens, int? alphabetSizeMax)
    {
        IEnumerable<int> kept = occurrences.Keys;
        if (alphabetSizeMax is { } limit && limit < occurrences.Count)
        {
            kept = occurrences.OrderByDescending(c => c.Value).ThenBy(c => c.Key).Take(limit).Select(c => c.Key).Order();
        }

        Dictionary<int, int> ids = [];
        foreach (int c in kept)
        {
            string text = char.ConvertFromUtf32(c);
            int id = tokens.IndexOf(text);
            if (id < 0)
            {
                id = tokens.Count;
                tokens.Add(text);
            }

            ids.Add(c, id);
        }

        return ids;
    }

    private static void ReadCharacters(ReadOnlySpan<char> piece, bool byteLevel, List<int> characters)
    {
        characters.Clear();
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in piece.EnumerateRunes())
        {
            if (!byteLevel)
            {
                characters.Add(rune.Value);
                continue;
            }

            int length = rune.EncodeToUtf8(utf8);
            foreach (byte b in utf8[..length])
            {
                characters.Add(ByteAlphabet.ToChar(b));
            }
        }
    }
}
