using System.Text.Json;

using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

public sealed class InstanceDataSetTests
{
    [ReferenceFact]
    public void Read_GoldenFixedLengthSets_GivesTheirInstancesMasksAndRanges()
    {
        int sets = 0;
        foreach (JsonElement row in GoldenLines.Read("training", "datasets.jsonl").Where(r => r.GetProperty("kind").GetString() == "fsl"))
        {
            sets++;
            using InstanceDataSet dataSet = Open(row);
            Assert.Equal(row.GetProperty("offsets").EnumerateArray().Select(o => (o[0].GetInt64(), o[1].GetInt64())), dataSet.FileRanges());
            JsonElement instances = row.GetProperty("instances");
            Assert.Equal(instances.GetArrayLength(), dataSet.Count);
            int[] ids = new int[dataSet.SequenceLength];
            byte[] keep = new byte[dataSet.SequenceLength];
            for (int i = 0; i < dataSet.Count; i++)
            {
                dataSet.Read(i, ids);
                Assert.Equal(instances[i].GetProperty("input_ids").Ints(), ids);
                bool hasMask = instances[i].TryGetProperty("label_mask", out JsonElement mask);
                Assert.Equal(hasMask, dataSet.TryReadLabelMask(i, keep));
                if (hasMask)
                {
                    Assert.Equal(mask.Ints(), keep.Select(k => (int)k));
                }

                if (instances[i].TryGetProperty("instance_mask", out JsonElement kept))
                {
                    Assert.Equal(kept.ValueKind == JsonValueKind.Number ? kept.GetInt32() == 0 : !kept.GetBoolean(), dataSet.IsMasked(ids));
                }
            }
        }

        Assert.Equal(12, sets);
    }

    [Fact]
    public void Fingerprint_AnyDecidingPartChanges_Changes()
    {
        using TemporaryFolder folder = new();
        string a = folder.File("a.npy");
        string b = folder.File("b.npy");
        File.WriteAllBytes(a, new byte[64]);
        File.WriteAllBytes(b, new byte[64]);
        InstanceSettings settings = new(SequenceLength: 4, VocabularySize: 100, EosId: 9);
        string[] fingerprints =
        [
            FingerprintOf(settings, a),
            FingerprintOf(settings, b),
            FingerprintOf(settings, a, b),
            FingerprintOf(settings, b, a),
            FingerprintOf(settings with { SequenceLength = 8 }, a),
            FingerprintOf(settings with { MaxTargetSequenceLength = 8 }, a),
            FingerprintOf(settings with { Filter = new RepetitionFilter() }, a),
            FingerprintOf(settings with { EosId = 8 }, a),
            FingerprintOf(settings, new TokenFileEntry(a, TokenType.UInt32)),
            FingerprintOf(settings, new TokenFileEntry(a, TokenType.UInt16, Sha256: "00")),
        ];
        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());

        string moved = folder.File("sub");
        Directory.CreateDirectory(moved);
        File.Copy(a, Path.Combine(moved, "a.npy"));
        Assert.Equal(fingerprints[0], FingerprintOf(settings, Path.Combine(moved, "a.npy")));
    }

    [Fact]
    public void Open_LabelMaskOfAnotherLength_NamesBothFiles()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.npy"), new byte[64]);
        File.WriteAllBytes(folder.File("a.mask.npy"), new byte[31]);
        TokenFileEntry entry = new(folder.File("a.npy"), TokenType.UInt16, LabelMaskPath: folder.File("a.mask.npy"));
        TokenFileException error = Assert.Throws<TokenFileException>(() => InstanceDataSet.Open([entry], new InstanceSettings(4, 100, 9)));
        Assert.Contains("31 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("32 tokens", error.Message, StringComparison.Ordinal);
    }

    internal static InstanceDataSet Open(JsonElement row)
    {
        TokenType type = TokenTypes.Parse(row.GetProperty("dtype").GetString()!);
        bool masks = row.GetProperty("label_masks").GetBoolean();
        TokenFileEntry[] entries =
        [
            .. row.GetProperty("files").EnumerateArray().Select(f => new TokenFileEntry(
                ReferenceData.PathOf("golden", "training", "tokens", $"{f.GetString()}.npy"),
                type,
                LabelMaskPath: masks ? ReferenceData.PathOf("golden", "training", "tokens", $"{f.GetString()}.mask.npy") : null)),
        ];
        JsonElement filter = row.GetProperty("filter");
        JsonElement target = row.GetProperty("max_target_sequence_length");
        return InstanceDataSet.Open(entries, new InstanceSettings(
            row.GetProperty("sequence_length").GetInt32(),
            type == TokenType.UInt16 ? 65_536 : int.MaxValue,
            EosId: 9,
            filter.ValueKind == JsonValueKind.Null ? null : new RepetitionFilter(filter[0].GetInt32(), filter[1].GetInt32(), filter[2].GetInt32()),
            target.ValueKind == JsonValueKind.Null ? null : target.GetInt32()));
    }

    private static string FingerprintOf(InstanceSettings settings, params string[] paths) =>
        FingerprintOf(settings, [.. paths.Select(p => new TokenFileEntry(p, TokenType.UInt16))]);

    private static string FingerprintOf(InstanceSettings settings, params TokenFileEntry[] entries)
    {
        using InstanceDataSet dataSet = InstanceDataSet.Open(entries, settings);
        return dataSet.Fingerprint;
    }
}
