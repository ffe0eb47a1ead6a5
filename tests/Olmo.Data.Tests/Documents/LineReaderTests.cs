using System.Text;

using FsCheck;
using FsCheck.Fluent;

using Olmo.Data.Documents;

namespace Olmo.Data.Tests.Documents;

public sealed class LineReaderTests
{
    [Fact]
    public void TryRead_AnyTextInAnyPieces_GivesTheLines() =>
        Prop.ForAll(
            Gen.Elements('a', '\n', '\r', 'é').ListOf().Select(c => string.Concat(c)).ToArbitrary(),
            Gen.Choose(1, 5).ToArbitrary(),
            (text, piece) =>
            {
                // A line ends at LF; one CR before that belongs to the end.
                string[] expected = [.. text.Split('\n')];
                expected = [.. (expected[^1].Length == 0 ? expected[..^1] : expected).Select(l => l.EndsWith('\r') ? l[..^1] : l)];
                LineReader reader = new(new Pieces(Encoding.UTF8.GetBytes(text), piece), "x", 1 << 20);
                List<string> lines = [];
                while (reader.TryRead(out ReadOnlyMemory<byte> line))
                {
                    lines.Add(Encoding.UTF8.GetString(line.Span));
                }

                return expected.SequenceEqual(lines) && reader.Line == lines.Count;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void TryRead_LinesAroundTheBufferSize_AreWhole()
    {
        foreach (int length in (int[])[65_534, 65_535, 65_536, 65_537, 131_072, 300_000])
        {
            string text = $"{new string('a', length)}\n{new string('b', length)}";
            LineReader reader = new(new Pieces(Encoding.UTF8.GetBytes(text), 50_000), "x", 1 << 20);
            Assert.True(reader.TryRead(out ReadOnlyMemory<byte> line));
            Assert.Equal(length, line.Length);
            Assert.True(reader.TryRead(out line));
            Assert.Equal((length, (byte)'b'), (line.Length, line.Span[0]));
            Assert.False(reader.TryRead(out _));
        }
    }

    private sealed class Pieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));
    }
}
