using System.Globalization;
using System.Numerics;

namespace Olmo.Runtime.Hocon;

/// <summary>
/// Reads resolved values as types. Strings and numbers convert into each other; lists, objects and scalars never do, but an object
/// with integer keys reads as a list. Integers must be whole (5.0 is 5, 5.7 is an error) and fit; durations may be negative.
/// </summary>
public static class HoconConversions
{
    private static readonly Dictionary<string, long> Nanoseconds = new(StringComparer.Ordinal)
    {
        [""] = 1_000_000,
        ["ns"] = 1,
        ["nano"] = 1,
        ["nanos"] = 1,
        ["nanosecond"] = 1,
        ["nanoseconds"] = 1,
        ["us"] = 1_000,
        ["micro"] = 1_000,
        ["micros"] = 1_000,
        ["microsecond"] = 1_000,
        ["microseconds"] = 1_000,
        ["ms"] = 1_000_000,
        ["milli"] = 1_000_000,
        ["millis"] = 1_000_000,
        ["millisecond"] = 1_000_000,
        ["milliseconds"] = 1_000_000,
        ["s"] = 1_000_000_000,
        ["second"] = 1_000_000_000,
        ["seconds"] = 1_000_000_000,
        ["m"] = 60_000_000_000,
        ["minute"] = 60_000_000_000,
        ["minutes"] = 60_000_000_000,
        ["h"] = 3_600_000_000_000,
        ["hour"] = 3_600_000_000_000,
        ["hours"] = 3_600_000_000_000,
        ["d"] = 86_400_000_000_000,
        ["day"] = 86_400_000_000_000,
        ["days"] = 86_400_000_000_000,
    };

    private static readonly Dictionary<string, BigInteger> Bytes = SizeUnits();

    /// <summary>The text of a scalar.</summary>
    /// <exception cref="HoconException">Kind Null or WrongType.</exception>
    public static string AsString(this HoconValue value, string path) => Scalar(value, path, "a string").Text;

    /// <summary>true, yes, on; false, no, off; lower case only.</summary>
    /// <exception cref="HoconException">Kind Null or WrongType.</exception>
    public static bool AsBoolean(this HoconValue value, string path) => Scalar(value, path, "true or false").Text switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        string other => throw Wrong(value, path, $"'{other}'", "true or false (also yes, on, no, off)"),
    };

    /// <exception cref="HoconException">Kind Null or WrongType (no whole number, or it does not fit).</exception>
    public static int AsInt32(this HoconValue value, string path) => (int)Integer(value, path, int.MinValue, int.MaxValue);

    /// <exception cref="HoconException">Kind Null or WrongType (no whole number, or it does not fit).</exception>
    public static long AsInt64(this HoconValue value, string path) => (long)Integer(value, path, long.MinValue, long.MaxValue);

    /// <exception cref="HoconException">Kind Null or WrongType (no number).</exception>
    public static double AsDouble(this HoconValue value, string path)
    {
        string text = Scalar(value, path, "a number").Text.Trim();
        return HoconNumber.Parse(text) is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double result) && double.IsFinite(result)
            ? result
            : throw Wrong(value, path, $"'{text}'", "a number");
    }

    /// <summary>A duration in nanoseconds; a bare number counts milliseconds.</summary>
    /// <exception cref="HoconException">Kind Null, WrongType or BadValue (unknown unit, does not fit).</exception>
    public static long AsNanoseconds(this HoconValue value, string path)
    {
        const string expected = "a duration such as 500ms, 30s or 1.5h (units ns us ms s m h d)";
        (HoconNumber number, string unit, string text) = NumberWithUnit(value, path, expected);
        if (!Nanoseconds.TryGetValue(unit, out long factor))
        {
            throw Bad(value, path, $"'{text}'", expected);
        }

        BigInteger result = number.Times(factor);
        return result >= long.MinValue && result <= long.MaxValue ? (long)result : throw Bad(value, path, $"'{text}'", "a duration of at most 292 years");
    }

    /// <summary>A duration, cut to 100 ns.</summary>
    /// <exception cref="HoconException">As <see cref="AsNanoseconds"/>.</exception>
    public static TimeSpan AsTimeSpan(this HoconValue value, string path) => TimeSpan.FromTicks(value.AsNanoseconds(path) / 100);

    /// <summary>A size in bytes, of any magnitude; kB and MB are powers of 1000, K, Ki and KiB of 1024.</summary>
    /// <exception cref="HoconException">Kind Null, WrongType or BadValue (unknown unit, negative).</exception>
    public static BigInteger AsSize(this HoconValue value, string path)
    {
        const string expected = "a size such as 512B, 64MiB or 2GB";
        (HoconNumber number, string unit, string text) = NumberWithUnit(value, path, expected);
        if (!Bytes.TryGetValue(unit, out BigInteger factor))
        {
            throw Bad(value, path, $"'{text}'", unit == "KB" ? "kB (1000 bytes) or KiB (1024 bytes)" : expected);
        }

        return number.Digits.Sign < 0 ? throw Bad(value, path, $"'{text}'", "a size of 0 or more") : number.Times(factor);
    }

    /// <summary>A size in bytes that fits 64 bits.</summary>
    /// <exception cref="HoconException">As <see cref="AsSize"/>; kind BadValue also where it does not fit.</exception>
    public static long AsSizeBytes(this HoconValue value, string path)
    {
        BigInteger size = value.AsSize(path);
        return size <= long.MaxValue ? (long)size : throw Bad(value, path, $"{size} bytes", "a size below 8 EiB");
    }

    /// <summary>A calendar period; a bare number counts days.</summary>
    /// <exception cref="HoconException">Kind Null, WrongType or BadValue (unknown unit, fraction, does not fit).</exception>
    public static HoconPeriod AsPeriod(this HoconValue value, string path)
    {
        const string expected = "a period such as 3d, 2 weeks, 6mo or 1y";
        (HoconNumber number, string unit, string text) = NumberWithUnit(value, path, expected);
        if (!number.IsInteger || BigInteger.Abs(number.Times(7)) > int.MaxValue)
        {
            throw Bad(value, path, $"'{text}'", "a whole number that fits 32 bits");
        }

        int count = (int)number.Times(BigInteger.One);
        return unit switch
        {
            "" or "d" or "day" or "days" => new HoconPeriod(0, 0, count),
            "w" or "week" or "weeks" => new HoconPeriod(0, 0, count * 7),
            "m" or "mo" or "month" or "months" => new HoconPeriod(0, count, 0),
            "y" or "year" or "years" => new HoconPeriod(count, 0, 0),
            _ => throw Bad(value, path, $"'{text}'", expected),
        };
    }

    /// <summary>A list, or an object whose integer keys make one (sorted by them, other keys dropped).</summary>
    /// <exception cref="HoconException">Kind Null or WrongType.</exception>
    public static IReadOnlyList<HoconValue> AsList(this HoconValue value, string path)
    {
        ArgumentNullException.ThrowIfNull(value);
        switch (value)
        {
            case HoconArray a:
                return a.Items;
            case HoconScalar { IsNull: true }:
                throw Null(value, path, "a list");
            case HoconObject o:
                SortedDictionary<int, HoconValue> items = [];
                foreach (string key in o.Keys)
                {
                    if (int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                    {
                        items[index] = o[key];
                    }
                }

                return items.Count > 0 ? [.. items.Values] : throw Wrong(value, path, "an object", "a list");
            default:
                throw Wrong(value, path, $"'{((HoconScalar)value).Text}'", "a list in brackets");
        }
    }

    /// <summary>A list of the texts of scalars.</summary>
    /// <exception cref="HoconException">Kind Null or WrongType.</exception>
    public static IReadOnlyList<string> AsStringList(this HoconValue value, string path) => ListOf(value, path, AsString);

    /// <summary>A list of whole numbers.</summary>
    /// <exception cref="HoconException">Kind Null or WrongType.</exception>
    public static IReadOnlyList<int> AsInt32List(this HoconValue value, string path) => ListOf(value, path, AsInt32);

    /// <summary>A list whose elements are read one by one.</summary>
    internal static IReadOnlyList<T> ListOf<T>(HoconValue value, string path, Func<HoconValue, string, T> read)
    {
        IReadOnlyList<HoconValue> items = value.AsList(path);
        List<T> result = new(items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            result.Add(read(items[i], $"{path}[{i}]"));
        }

        return result;
    }

    internal static HoconException Bad(HoconValue value, string path, string found, string expected) =>
        new(HoconErrorKind.BadValue, value.Origin, $"{path} has a wrong value", found, expected);

    internal static HoconException Wrong(HoconValue value, string path, string found, string expected) =>
        new(HoconErrorKind.WrongType, value.Origin, $"{path} has a wrong type", found, expected);

    internal static HoconException Null(HoconValue value, string path, string expected) =>
        new(HoconErrorKind.Null, value.Origin, $"{path} is null", "null", expected);

    private static HoconScalar Scalar(HoconValue value, string path, string expected)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value switch
        {
            HoconScalar { IsNull: true } => throw Null(value, path, expected),
            HoconScalar s => s,
            _ => throw Wrong(value, path, value is HoconArray ? "a list" : "an object", expected),
        };
    }

    private static BigInteger Integer(HoconValue value, string path, BigInteger least, BigInteger most)
    {
        string text = Scalar(value, path, "a whole number").Text.Trim();
        if (HoconNumber.Parse(text) is not { IsInteger: true } number)
        {
            throw Wrong(value, path, $"'{text}'", "a whole number");
        }

        BigInteger whole = number.Times(BigInteger.One);
        return whole >= least && whole <= most ? whole : throw Wrong(value, path, $"'{text}'", $"a whole number from {least} to {most}");
    }

    private static (HoconNumber Number, string Unit, string Text) NumberWithUnit(HoconValue value, string path, string expected)
    {
        string text = Scalar(value, path, expected).Text.Trim();
        int end = text.Length;
        while (end > 0 && char.IsLetter(text[end - 1]))
        {
            end--;
        }

        return HoconNumber.Parse(text.AsSpan(0, end).Trim()) is { } number ? (number, text[end..], text) : throw Bad(value, path, $"'{text}'", expected);
    }

    private static Dictionary<string, BigInteger> SizeUnits()
    {
        Dictionary<string, BigInteger> units = new(StringComparer.Ordinal)
        {
            [""] = 1,
            ["B"] = 1,
            ["b"] = 1,
            ["byte"] = 1,
            ["bytes"] = 1,
            ["k"] = 1024,
        };
        (string Letter, string Decimal, string Binary)[] names =
        [
            ("K", "kilo", "kibi"), ("M", "mega", "mebi"), ("G", "giga", "gibi"), ("T", "tera", "tebi"),
            ("P", "peta", "pebi"), ("E", "exa", "exbi"), ("Z", "zetta", "zebi"), ("Y", "yotta", "yobi"),
        ];
        for (int i = 0; i < names.Length; i++)
        {
            (string letter, string decimalName, string binaryName) = names[i];
            BigInteger thousand = BigInteger.Pow(1000, i + 1);
            BigInteger binary = BigInteger.Pow(1024, i + 1);
            units[i == 0 ? "kB" : letter + "B"] = thousand;
            units[decimalName + "byte"] = units[decimalName + "bytes"] = thousand;
            units[letter] = units[letter.ToLowerInvariant()] = units[letter + "i"] = units[letter + "iB"] = binary;
            units[binaryName + "byte"] = units[binaryName + "bytes"] = binary;
        }

        return units;
    }
}
