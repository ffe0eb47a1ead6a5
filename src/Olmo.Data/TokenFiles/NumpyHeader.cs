using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

using Microsoft.Win32.SafeHandles;

namespace Olmo.Data.TokenFiles;

/// <summary>Header of a NumPy <c>.npy</c> file, versions 1 to 3 (NumPy format specification, NEP 1).</summary>
/// <param name="MajorVersion">1, 2 or 3.</param>
/// <param name="DataOffsetBytes">Where the elements start.</param>
/// <param name="ElementType">The text of <c>descr</c>, e.g. "&lt;u2"; empty for a structured type.</param>
/// <param name="FortranOrder">Column-major.</param>
/// <param name="Shape">Sizes; empty for a scalar.</param>
internal sealed partial record NumpyHeader(int MajorVersion, long DataOffsetBytes, string ElementType, bool FortranOrder, IReadOnlyList<long> Shape)
{
    private const int MagicBytes = 6;
    private const int MaximumHeaderBytes = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Where ids of the type start: 0 for a file without a NumPy header.</summary>
    /// <exception cref="TokenFileException">There is a header, but not of a one-dimensional array of that type with all its elements present.</exception>
    public static long DataOffset(string path, SafeFileHandle handle, TokenType type)
    {
        Span<byte> start = stackalloc byte[MagicBytes];
        if (RandomAccess.Read(handle, start, 0) < MagicBytes || !start.SequenceEqual(Magic))
        {
            return 0;
        }

        NumpyHeader header = Read(path, handle);
        string wanted = $"<u{type.SizeBytes()}";
        if (header.ElementType != wanted || header.Shape.Count != 1)
        {
            throw new TokenFileException(path, $"has a NumPy header of type \"{header.ElementType}\" and {header.Shape.Count} dimensions; token files are one-dimensional arrays of {wanted}, usually without a header");
        }

        long expected = header.DataOffsetBytes + (header.Shape[0] * type.SizeBytes());
        long size = RandomAccess.GetLength(handle);
        return size == expected
            ? header.DataOffsetBytes
            : throw new TokenFileException(path, $"its NumPy header promises {header.Shape[0]} elements, {expected} bytes in all, but the file has {size} bytes");
    }

    /// <summary>Parses the header of a file that starts with the magic.</summary>
    /// <exception cref="TokenFileException">The header is cut or not of the specified form.</exception>
    public static NumpyHeader Read(string path, SafeFileHandle handle)
    {
        Span<byte> fixedPart = stackalloc byte[12];
        int got = RandomAccess.Read(handle, fixedPart, 0);
        if (got < 10 || !fixedPart[..MagicBytes].SequenceEqual(Magic))
        {
            throw new TokenFileException(path, "does not start with the NumPy magic and version");
        }

        int major = fixedPart[6];
        if (major is < 1 or > 3 || (major > 1 && got < 12))
        {
            throw new TokenFileException(path, $"NumPy format version {major} is unknown; 1 to 3 are read");
        }

        long length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[8..]);
        int prefix = major == 1 ? 10 : 12;
        if (length > MaximumHeaderBytes || prefix + length > RandomAccess.GetLength(handle))
        {
            throw new TokenFileException(path, $"its NumPy header claims {length} bytes, more than the file or the limit of {MaximumHeaderBytes}");
        }

        byte[] text = new byte[length];
        if (RandomAccess.Read(handle, text, prefix) != length)
        {
            throw new TokenFileException(path, "ends within its NumPy header");
        }

        return Parse(path, major, prefix + length, (major == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text));
    }

    private static NumpyHeader Parse(string path, int major, long dataOffset, string text)
    {
        Match match = Dictionary().Match(text);
        if (!match.Success || match.Groups["descr"].Captures.Count != 1 || match.Groups["order"].Captures.Count != 1 || match.Groups["shape"].Captures.Count != 1)
        {
            throw new TokenFileException(path, "its NumPy header is not a dictionary of exactly descr, fortran_order and shape");
        }

        List<long> shape = [];
        foreach (string part in match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!long.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out long size))
            {
                throw new TokenFileException(path, $"its NumPy header has the size \"{part}\"");
            }

            shape.Add(size);
        }

        return new NumpyHeader(major, dataOffset, match.Groups["type"].Value, match.Groups["order"].Value == "True", shape);
    }

    // A Python literal with the three keys in any order, either quote, an optional comma at the end.
    [GeneratedRegex(
        """^\s*\{\s*(?:(?:(?<q>['"])(?:descr\k<q>\s*:\s*(?<descr>(?<p>['"])(?<type>[^'"]*)\k<p>|\[[^{}]*\])|fortran_order\k<q>\s*:\s*(?<order>True|False)|shape\k<q>\s*:\s*\((?<shape>[0-9L,\s]*)\)))\s*(?:,\s*|(?=\})))+\}\s*$""",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Dictionary();
}
