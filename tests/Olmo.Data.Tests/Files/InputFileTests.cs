using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

using Olmo.Data.Files;
using Olmo.Tests;

namespace Olmo.Data.Tests.Files;

public sealed class InputFileTests
{
    // Refused here although the reference decoder of the data (Python's) reads them: cut zstd streams and files without any frame, which the zstd and
    // gzip programs refuse too, and bytes behind the last gzip member, be they zero.
    private static readonly string[] RefusedHere =
    [
        "truncated_half.jsonl.zst", "truncated_last_byte.jsonl.zst", "truncated_magic.jsonl.zst", "truncated_second_frame.jsonl.zst", "truncated_skippable.jsonl.zst",
        "zero_byte_file.jsonl.gz", "zero_byte_file.jsonl.zst", "reserved_flag.jsonl.gz", "trailing_zeros.jsonl.gz",
    ];

    [ReferenceFact]
    public void Open_GoldenFiles_GivesTheirContentOrRefusesThem()
    {
        int good = 0;
        int bad = 0;
        foreach (JsonProperty entry in GoldenLines.ReadWhole("formats", "jsonl", "files.json").GetProperty("files").EnumerateObject())
        {
            string path = ReferenceData.PathOf("golden", "formats", "jsonl", entry.Name);
            if (entry.Value.GetProperty("error").ValueKind != JsonValueKind.Null || RefusedHere.Contains(entry.Name))
            {
                DataException error = Assert.Throws<DataException>(() => ReadAll(path, 1000));
                Assert.Contains(entry.Name, error.Message, StringComparison.Ordinal);
                bad++;
                continue;
            }

            foreach (int chunk in (int[])[1, 7, 1 << 20])
            {
                byte[] content = ReadAll(path, chunk);
                Assert.Equal(entry.Value.GetProperty("decoded_sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(content)));
            }

            good++;
        }

        Assert.Equal((30, 26), (good, bad));
    }

    [Fact]
    public void Open_LargeGzipOfManyMembers_GivesAllOfIt()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.gz");
        byte[] part = new byte[300_001];
        for (int i = 0; i < part.Length; i++)
        {
            part[i] = (byte)(i * i % 251);
        }

        using (FileStream file = File.Create(path))
        {
            for (int i = 0; i < 5; i++)
            {
                using GZipStream gzip = new(file, CompressionLevel.Fastest, leaveOpen: true);
                gzip.Write(part);
            }
        }

        byte[] read = ReadAll(path, 10_000);
        Assert.Equal(5 * part.Length, read.Length);
        Assert.Equal(part, read[^part.Length..]);
    }

    [Fact]
    public void Open_GzipCutAnywhere_IsRefused()
    {
        using TemporaryFolder folder = new();
        MemoryStream whole = new();
        for (int i = 0; i < 2; i++)
        {
            using GZipStream gzip = new(whole, CompressionLevel.Optimal, leaveOpen: true);
            gzip.Write("some text, some more text and again some text\n"u8);
        }

        byte[] bytes = whole.ToArray();
        int members = bytes.Length / 2;
        for (int length = 0; length < bytes.Length; length++)
        {
            if (length != members)
            {
                File.WriteAllBytes(folder.File("a.gz"), bytes[..length]);
                Assert.Throws<DataException>(() => ReadAll(folder.File("a.gz"), 100));
            }
        }
    }

    private static byte[] ReadAll(string path, int chunk)
    {
        using Stream stream = InputFile.Open(path);
        MemoryStream all = new();
        byte[] buffer = new byte[chunk];
        for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
