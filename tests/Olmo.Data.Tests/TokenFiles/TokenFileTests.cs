using System.Security.Cryptography;
using System.Text.Json;

using Olmo.Data.TokenFiles;
using Olmo.Tests;

namespace Olmo.Data.Tests.TokenFiles;

public sealed class TokenFileTests
{
    [ReferenceFact]
    public void Open_GoldenNumpyFiles_ReadsOneDimensionalIdsAndRefusesTheRest()
    {
        int read = 0;
        int refused = 0;
        foreach (string path in Directory.GetFiles(ReferenceData.PathOf("golden", "formats", "npy"), "*.npy").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            JsonElement expected = Expected(name);
            foreach (TokenType type in Enum.GetValues<TokenType>())
            {
                bool fits = expected.TryGetProperty("descr", out JsonElement descr)
                    && descr.ValueKind == JsonValueKind.String
                    && descr.GetString() == $"<u{type.SizeBytes()}"
                    && expected.GetProperty("shape").GetArrayLength() == 1;
                byte[] start = File.ReadAllBytes(path);
                if (start.Length < 6 || start[0] != 0x93 || start[1] != 'N')
                {
                    continue;
                }

                if (!fits)
                {
                    Assert.Throws<TokenFileException>(() => TokenFile.Open(path, type));
                    refused++;
                    continue;
                }

                using TokenFile file = TokenFile.Open(path, type);
                int[] ids = new int[file.LengthTokens];
                file.Read(0, ids);
                byte[] bytes = [.. ids.SelectMany(id => BitConverter.GetBytes(id).Take(type.SizeBytes()))];
                Assert.Equal(expected.GetProperty("sha256_c_order_little_endian").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
                read++;
            }
        }

        Assert.True(refused > 60, $"{refused} refused");
        Assert.True(read > 0, $"{read} read");
    }

    [ReferenceFact]
    public void NumpyHeader_GoldenFiles_GivesNumpysDescription()
    {
        int parsed = 0;
        foreach (string path in Directory.GetFiles(ReferenceData.PathOf("golden", "formats", "npy"), "*.npy").Order(StringComparer.Ordinal))
        {
            JsonElement expected = Expected(Path.GetFileName(path));
            if (!expected.TryGetProperty("descr", out JsonElement descr))
            {
                continue;
            }

            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path);
            NumpyHeader header = NumpyHeader.Read(path, handle);
            Assert.Equal(expected.GetProperty("shape").Longs(), header.Shape);
            Assert.Equal(expected.GetProperty("fortran_order").GetBoolean(), header.FortranOrder);
            bool structured = descr.GetString()!.StartsWith('[');
            Assert.Equal(structured ? "" : descr.GetString(), header.ElementType);

            parsed++;
        }

        Assert.True(parsed > 30, $"{parsed} parsed");
    }

    [Theory]
    [InlineData(TokenType.UInt16, 7, "7 bytes are no multiple of 2")]
    [InlineData(TokenType.UInt32, 6, "6 bytes are no multiple of 4")]
    public void Open_SizeIsNoMultiple_NamesSizeAndType(TokenType type, int size, string problem)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npy"), new byte[size]);
        TokenFileException error = Assert.Throws<TokenFileException>(() => TokenFile.Open(folder.File("a.npy"), type));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains(type.Name(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EmptyFile_HasNoTokens()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npy"), []);
        using TokenFile file = TokenFile.Open(folder.File("a.npy"), TokenType.UInt16);
        Assert.Equal(0, file.LengthTokens);
        file.Read(0, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(0, new int[1]));
    }

    [Fact]
    public void Open_MissingFile_NamesIt()
    {
        using TemporaryFolder folder = new();
        TokenFileException error = Assert.Throws<TokenFileException>(() => TokenFile.Open(folder.File("absent.npy"), TokenType.UInt16));
        Assert.Contains("absent.npy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_IdBeyondTheVocabulary_NamesPositionIdAndLimit()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npy"), [1, 0, 2, 0, 100, 0]);
        using TokenFile file = TokenFile.Open(folder.File("a.npy"), TokenType.UInt16, vocabularySize: 100);
        file.Read(0, new int[2]);
        TokenFileException error = Assert.Throws<TokenFileException>(() => file.Read(1, new int[2]));
        Assert.Contains("token 2 has id 100", error.Message, StringComparison.Ordinal);
        Assert.Contains("below 100", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_IdAboveTheSignedRange_IsRefusedAndNotNegative()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npy"), [0, 0, 0, 0x80]);
        using TokenFile file = TokenFile.Open(folder.File("a.npy"), TokenType.UInt32);
        TokenFileException error = Assert.Throws<TokenFileException>(() => file.Read(0, new int[1]));
        Assert.Contains("2147483648", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileCutAfterOpening_ThrowsInsteadOfKillingTheProcess()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.npy");
        File.WriteAllBytes(path, new byte[1 << 16]);
        using TokenFile file = TokenFile.Open(path, TokenType.UInt16);
        using (FileStream cut = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cut.SetLength(100);
        }

        TokenFileException error = Assert.Throws<TokenFileException>(() => file.Read(0, new int[100]));
        Assert.Contains("ends at byte 100", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BeyondFourGigabytes_ReadsAtTheRightOffset()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.npy");
        const long Tokens = (1L << 31) + 1000;
        using (FileStream sparse = new(path, FileMode.Create))
        {
            sparse.SetLength(Tokens * 2);
            sparse.Position = (Tokens - 2) * 2;
            sparse.Write([7, 1]);
        }

        using TokenFile file = TokenFile.Open(path, TokenType.UInt16);
        int[] ids = new int[3];
        file.Read(Tokens - 3, ids);
        Assert.Equal([0, 263, 0], ids);
    }

    private static JsonElement Expected(string name)
    {
        JsonElement root = GoldenLines.ReadWhole("formats", "npy", "npy.json");
        return root.GetProperty("files").GetProperty(Path.GetFileNameWithoutExtension(name));
    }
}
