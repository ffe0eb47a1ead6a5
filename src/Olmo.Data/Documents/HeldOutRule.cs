using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Olmo.Data.Documents;

/// <summary>Which documents are kept from training and used to evaluate. A pure function of the document.</summary>
public sealed class HeldOutRule
{
    private readonly Func<Document, bool> _isHeldOut;

    private HeldOutRule(string description, Func<Document, bool> isHeldOut)
    {
        Description = description;
        _isHeldOut = isHeldOut;
    }

    /// <summary>The rule in one line, the same on every machine.</summary>
    public string Description { get; }

    public bool IsHeldOut(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return _isHeldOut(document);
    }

    /// <summary>By the SHA-256 of the text: equal texts fall on the same side, whatever their names.</summary>
    public static HeldOutRule ByText(double fraction)
    {
        ThrowIfNoShare(fraction);
        ulong limit = (ulong)(fraction * 18446744073709551616.0);
        return new HeldOutRule(
            string.Create(CultureInfo.InvariantCulture, $"by text hash, {fraction:R}"),
            d => Hash(d.Text) < limit);
    }

    /// <summary>All documents of the named sources.</summary>
    public static HeldOutRule BySource(IEnumerable<string> sources)
    {
        SortedSet<string> set = new(sources, StringComparer.Ordinal);
        return new HeldOutRule($"by source, {string.Join(' ', set)}", d => set.Contains(d.Source));
    }

    /// <summary>
    /// Picks whole sources in the order of their names' SHA-256 until about <paramref name="fraction"/> of all bytes is held out: at most a quarter more, and a source that
    /// would exceed that is passed over.
    /// </summary>
    internal static IReadOnlyList<string> PickSources(IEnumerable<(string Name, long SizeBytes)> sources, double fraction)
    {
        ThrowIfNoShare(fraction);
        (string Name, long SizeBytes)[] ordered = [.. sources.OrderBy(s => Hash(s.Name)).ThenBy(s => s.Name, StringComparer.Ordinal)];
        long total = ordered.Sum(s => s.SizeBytes);
        double wanted = fraction * total;
        List<string> picked = [];
        long held = 0;
        foreach ((string name, long size) in ordered)
        {
            if (held >= wanted)
            {
                break;
            }

            if (held + size <= 1.25 * wanted)
            {
                picked.Add(name);
                held += size;
            }
        }

        return picked;
    }

    private static ulong Hash(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    private static void ThrowIfNoShare(double fraction)
    {
        if (!(fraction >= 0 && fraction < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The held-out share must be at least 0 and below 1.");
        }
    }
}
