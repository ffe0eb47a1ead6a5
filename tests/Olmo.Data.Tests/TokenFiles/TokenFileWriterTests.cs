using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

using Olmo.Data.TokenFiles;
using Olmo.Tests;

namespace Olmo.Data.Tests.TokenFiles;

public sealed class TokenFileWriterTests
{
    private const int Eos = 9;

    [ReferenceTheory]
    [InlineData("dolma2_x", TokenType.UInt32, 100257)]
    [InlineData("neox_x", TokenType.UInt16, 50279)]
    [InlineData("dolma2_three_files_default", TokenType.UInt32, 100257)]
    public void Append_DocumentsOfGoldenFile_WritesTheSameTokensAndMetadata(string run, TokenType type, int eos)
    {
        string golden = ReferenceData.PathOf("golden", "dolma", "tokens", "out", run, "part-0-00000.npy");
        using TemporaryFolder folder = new();
        using TokenFile tokens = TokenFile.Open(golden, type);
        using TokenFileWriter writer = new(folder.File("x.npy"), type, eos);
        foreach (DocumentMetadata document in DocumentMetadata.Read(DocumentMetadata.PathOf(golden)))
        {
            int[] ids = new int[document.End - document.Start];
            tokens.Read(document.Start, ids);
            Assert.Equal(eos, ids[^1]);
            writer.Append(ids.AsSpan(0, ids.Length - 1), document.Id, document.Origin, document.Location);
        }

        TokenFileSummary summary = writer.Complete();
        Assert.Equal(File.ReadAllBytes(golden), File.ReadAllBytes(folder.File("x.npy")));
        Assert.Equal(Unzip(DocumentMetadata.PathOf(golden)), Unzip(folder.File("x.csv.gz")));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(golden))), summary.Sha256);
        Assert.Equal(tokens.LengthTokens, summary.LengthTokens);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Unzip(DocumentMetadata.PathOf(golden))))), summary.MetadataSha256);
    }

    [Fact]
    public void Append_DocumentEndsWithEos_AddsNone()
    {
        using TemporaryFolder folder = new();
        using (TokenFileWriter writer = new(folder.File("a.npy"), TokenType.UInt16, Eos))
        {
            writer.Append([1, 2, Eos], "a", "f", 1);
            writer.Append([3], "b,\"c\"\r\n", "f", 2);
            writer.Append([], "d", "f", 3);
            Assert.Equal(6, writer.LengthTokens);
            writer.Complete();
        }

        using TokenFile file = TokenFile.Open(folder.File("a.npy"), TokenType.UInt16);
        int[] ids = new int[6];
        file.Read(0, ids);
        Assert.Equal([1, 2, 9, 3, 9, 9], ids);
        Assert.Equal(
            [new DocumentMetadata(0, 3, "a", "f", 1), new DocumentMetadata(3, 5, "b,\"c\"\r\n", "f", 2), new DocumentMetadata(5, 6, "d", "f", 3)],
            DocumentMetadata.Read(folder.File("a.csv.gz")));
    }

    [Fact]
    public void Dispose_WithoutComplete_LeavesNothingAndKeepsTheOlderFile()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.npy"), "older");
        using (TokenFileWriter writer = new(folder.File("a.npy"), TokenType.UInt16, Eos))
        {
            writer.Append([1], "a", "f", 1);
        }

        Assert.Equal([folder.File("a.npy")], Directory.GetFiles(folder.Path));
        Assert.Equal("older", File.ReadAllText(folder.File("a.npy")));
    }

    [Theory]
    [InlineData(65_536)]
    [InlineData(-1)]
    public void Append_IdDoesNotFit_IsRefused(int id)
    {
        using TemporaryFolder folder = new();
        using TokenFileWriter writer = new(folder.File("a.npy"), TokenType.UInt16, Eos);
        TokenFileException error = Assert.Throws<TokenFileException>(() => writer.Append([id], "a", "f", 1));
        Assert.Contains($"id {id} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_OtherExtension_IsRefused()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<TokenFileException>(() => new TokenFileWriter(folder.File("a.bin"), TokenType.UInt16, Eos));
    }

    [Fact]
    public void Read_MetadataRowIsBroken_NamesTheRow()
    {
        using TemporaryFolder folder = new();
        using (GZipStream gzip = new(File.Create(folder.File("a.csv.gz")), CompressionLevel.Fastest))
        {
            gzip.Write("0,3,a,f,1\r\n3,x,b,f,2\r\n"u8);
        }

        TokenFileException error = Assert.Throws<TokenFileException>(() => DocumentMetadata.Read(folder.File("a.csv.gz")).Count());
        Assert.Contains("row 2", error.Message, StringComparison.Ordinal);
    }

    private static string Unzip(string path)
    {
        using GZipStream gzip = new(File.OpenRead(path), CompressionMode.Decompress);
        using StreamReader reader = new(gzip);
        return reader.ReadToEnd();
    }
}
