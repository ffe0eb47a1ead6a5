using System.Globalization;

namespace Olmo.Data.Tokenization;

/// <summary><see cref="NfcData"/> in a form for look-up. Built once, on the first text that is not Latin-1.</summary>
internal sealed class NfcTables
{
    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadFirst = 0x1100;
    private const int LeadCount = 19;
    private const int VowelFirst = 0x1161;
    private const int VowelCount = 21;
    private const int TrailBase = 0x11A7;
    private const int TrailCount = 28;

    private static readonly Lazy<NfcTables> Instance = new(() => new NfcTables());

    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<long, int> _compositions = [];
    private readonly bool[] _affectedBmp = new bool[0x10000];
    private readonly HashSet<int> _affectedAstral = [];

    private NfcTables()
    {
        foreach (Range item in NfcData.CombiningClasses.AsSpan().SplitAny(' ', '\n', '\r'))
        {
            ReadCombiningClass(NfcData.CombiningClasses.AsSpan(item).Trim());
        }

        foreach (Range item in NfcData.Decompositions.AsSpan().SplitAny(' ', '\n', '\r'))
        {
            ReadDecomposition(NfcData.Decompositions.AsSpan(item).Trim());
        }

        for (int c = VowelFirst; c < VowelFirst + VowelCount; c++)
        {
            MarkAffected(c);
        }

        for (int c = TrailBase + 1; c < TrailBase + TrailCount; c++)
        {
            MarkAffected(c);
        }
    }

    public static NfcTables Shared => Instance.Value;

    /// <summary>
    /// Whether NFC may change the code point or join it to one before it (quick check No or Maybe, or a combining class).
    /// A text without such code points is in NFC, and every other code point begins anew.
    /// </summary>
    public bool IsAffected(char unit) => _affectedBmp[unit];

    public bool IsAffected(int codePoint) => codePoint < 0x10000 ? _affectedBmp[codePoint] : _affectedAstral.Contains(codePoint);

    public int CombiningClass(int codePoint) => _classes.GetValueOrDefault(codePoint);

    /// <summary>Appends the full canonical decomposition.</summary>
    public void Decompose(int codePoint, List<int> target)
    {
        int syllable = codePoint - HangulFirst;
        if ((uint)syllable < HangulCount)
        {
            target.Add(LeadFirst + (syllable / (VowelCount * TrailCount)));
            target.Add(VowelFirst + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount is > 0 and int trail)
            {
                target.Add(TrailBase + trail);
            }
        }
        else if (_decompositions.TryGetValue(codePoint, out int[]? parts))
        {
            foreach (int part in parts)
            {
                Decompose(part, target);
            }
        }
        else
        {
            target.Add(codePoint);
        }
    }

    public bool TryCompose(int first, int second, out int composed)
    {
        if ((uint)(first - LeadFirst) < LeadCount && (uint)(second - VowelFirst) < VowelCount)
        {
            composed = HangulFirst + ((((first - LeadFirst) * VowelCount) + second - VowelFirst) * TrailCount);
            return true;
        }

        int syllable = first - HangulFirst;
        if ((uint)syllable < HangulCount && syllable % TrailCount == 0 && second > TrailBase && second < TrailBase + TrailCount)
        {
            composed = first + second - TrailBase;
            return true;
        }

        return _compositions.TryGetValue(((long)first << 32) | (uint)second, out composed);
    }

    private void MarkAffected(int codePoint)
    {
        if (codePoint < 0x10000)
        {
            _affectedBmp[codePoint] = true;
        }
        else
        {
            _affectedAstral.Add(codePoint);
        }
    }

    private void ReadCombiningClass(ReadOnlySpan<char> item)
    {
        if (item.IsEmpty)
        {
            return;
        }

        int colon = item.IndexOf(':');
        int dash = item.IndexOf('-');
        int first = Hex(item[..(dash < 0 ? colon : dash)]);
        int last = dash < 0 ? first : Hex(item[(dash + 1)..colon]);
        byte value = byte.Parse(item[(colon + 1)..], CultureInfo.InvariantCulture);
        for (int c = first; c <= last; c++)
        {
            _classes.Add(c, value);
            MarkAffected(c);
        }
    }

    private void ReadDecomposition(ReadOnlySpan<char> item)
    {
        if (item.IsEmpty)
        {
            return;
        }

        int sign = item.IndexOfAny('=', '!');
        int codePoint = Hex(item[..sign]);
        ReadOnlySpan<char> parts = item[(sign + 1)..];
        int comma = parts.IndexOf(',');
        int[] decomposition = comma < 0 ? [Hex(parts)] : [Hex(parts[..comma]), Hex(parts[(comma + 1)..])];
        _decompositions.Add(codePoint, decomposition);
        if (item[sign] == '!')
        {
            MarkAffected(codePoint);
        }
        else
        {
            _compositions.Add(((long)decomposition[0] << 32) | (uint)decomposition[1], codePoint);
            MarkAffected(decomposition[1]);
        }
    }

    private static int Hex(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
