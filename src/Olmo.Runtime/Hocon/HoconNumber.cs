using System.Globalization;
using System.Numerics;

namespace Olmo.Runtime.Hocon;

/// <summary>An exact decimal number: <c>Digits * 10^-Scale</c>, in lowest terms (no trailing zero while Scale is positive).</summary>
internal readonly record struct HoconNumber(BigInteger Digits, int Scale)
{
    /// <summary>Largest power of ten that is taken exactly; beyond it the text is no number that any getter could use.</summary>
    private const int MaxExponent = 400;

    public bool IsInteger => Scale <= 0;

    /// <summary>Reads <c>[+-]digits[.digits][e[+-]digits]</c>; null where the text is something else.</summary>
    public static HoconNumber? Parse(ReadOnlySpan<char> text)
    {
        int i = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '+' or '-')
        {
            i++;
        }

        BigInteger digits = BigInteger.Zero;
        int start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
        {
            i++;
        }

        int whole = i - start;
        int fraction = 0;
        ReadOnlySpan<char> wholeText = text.Slice(start, whole);
        ReadOnlySpan<char> fractionText = default;
        if (i < text.Length && text[i] == '.')
        {
            int from = ++i;
            while (i < text.Length && char.IsAsciiDigit(text[i]))
            {
                i++;
            }

            fraction = i - from;
            fractionText = text.Slice(from, fraction);
        }

        if (whole + fraction == 0)
        {
            return null;
        }

        int exponent = 0;
        if (i < text.Length && text[i] is 'e' or 'E')
        {
            if (!int.TryParse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs((long)exponent) > MaxExponent)
            {
                return null;
            }

            i = text.Length;
        }

        if (i != text.Length)
        {
            return null;
        }

        digits = BigInteger.Parse($"0{wholeText}{fractionText}", NumberStyles.None, CultureInfo.InvariantCulture);
        return new HoconNumber(negative ? -digits : digits, fraction - exponent).Normalize();
    }

    /// <summary>Whether JSON would take the text as it stands.</summary>
    public static bool IsJson(string text)
    {
        int at = text.StartsWith('-') ? 1 : 0;
        return at < text.Length && char.IsAsciiDigit(text[at]) && !(text[at] == '0' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])) && !text.EndsWith('.')
            && !text.Contains(".e", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The integer part, towards zero, of this number times a factor.</summary>
    public BigInteger Times(BigInteger factor)
    {
        BigInteger product = Digits * factor;
        return Scale <= 0 ? product * BigInteger.Pow(10, -Scale) : product / BigInteger.Pow(10, Scale);
    }

    /// <summary>Digits without exponent where that is short, else with one; equal numbers give equal text.</summary>
    public override string ToString()
    {
        if (Scale <= 0 && Scale >= -20)
        {
            return Times(BigInteger.One).ToString(CultureInfo.InvariantCulture);
        }

        string digits = BigInteger.Abs(Digits).ToString(CultureInfo.InvariantCulture);
        string sign = Digits.Sign < 0 ? "-" : "";
        if (Scale is > 0 and <= 20)
        {
            digits = digits.PadLeft(Scale + 1, '0');
            return $"{sign}{digits[..^Scale]}.{digits[^Scale..]}";
        }

        return $"{sign}{digits}e{-Scale}";
    }

    private HoconNumber Normalize()
    {
        if (Digits.IsZero)
        {
            return new(BigInteger.Zero, 0);
        }

        (BigInteger digits, int scale) = (Digits, Scale);
        while (true)
        {
            BigInteger quotient = BigInteger.DivRem(digits, 10, out BigInteger rest);
            if (!rest.IsZero)
            {
                return new(digits, scale);
            }

            (digits, scale) = (quotient, scale - 1);
        }
    }
}
