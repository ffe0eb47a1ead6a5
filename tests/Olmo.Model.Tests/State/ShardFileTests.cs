using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.State;

namespace Olmo.Model.Tests.State;

public sealed class ShardFileTests : IDisposable
{
    private readonly ComputePool _pool = new(2);
    private readonly CpuProvider _provider;
    private readonly List<IDisposable> _owned = [];

    public ShardFileTests() => _provider = new CpuProvider(_pool, SimdWidths.Best);

    public void Dispose()
    {
        _owned.ForEach(o => o.Dispose());
        _provider.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void Write_AnyOwnership_GivesTheSameBytes()
    {
        ParameterLayout layout = Layout(5);
        TrainingState whole = State(layout);
        byte[][] quiet = Files(whole);
        foreach (int[] shards in (int[][])[[0, 4], [3], [1, 2]])
        {
            TrainingState part = State(layout, shards);
            foreach ((int shard, byte[] bytes) in shards.Zip(Files(part)))
            {
                Assert.Equal(quiet[shard], bytes);
            }
        }
    }

    [Fact]
    public void Write_FilesOfAllShards_AreSafetensorsWithTheWholeContent()
    {
        ParameterLayout layout = Layout(5);
        TrainingState state = State(layout);
        long elements = 0;
        foreach (byte[] bytes in Files(state))
        {
            int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
            Assert.Equal(0, header % 8);
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(8, header));
            foreach (JsonProperty tensor in document.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__"))
            {
                long begin = tensor.Value.GetProperty("data_offsets")[0].GetInt64();
                long end = tensor.Value.GetProperty("data_offsets")[1].GetInt64();
                Assert.Equal(4 * tensor.Value.GetProperty("shape")[0].GetInt64(), end - begin);
                elements += (end - begin) / 4;
            }

            foreach (string word in (string[])["time", "rank", "generation", "timeline", "step"])
            {
                Assert.DoesNotContain(word, Encoding.UTF8.GetString(bytes, 8, header), StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.Equal(3 * layout.Elements, elements);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    [InlineData(12)]
    public void Read_FilesOfOtherShardCount_GivesTheSameState(int shards)
    {
        TrainingState source = State(Layout(5));
        source.Progress.Complete(1000, StepEffect.Applied, 3.0, 1.0, new StepSamples(1, 2, 3));
        TrainingState target = Empty(Layout(shards), out _);
        Load(target, Files(source), source.Progress.ToBytes());
        for (int c = 0; c < source.Layout.Chunks; c++)
        {
            for (int plane = 0; plane < TrainingState.Planes; plane++)
            {
                Assert.Equal(source.Values(plane, c), target.Values(plane, c));
            }
        }

        Assert.Equal((1L, 1L, 1000L), (target.Progress.Step, target.Progress.Updates, target.Progress.Tokens));
        ulong a = 0;
        ulong b = 0;
        for (int s = 0; s < 5; s++)
        {
            a += source.DigestOf(s);
        }

        for (int s = 0; s < shards; s++)
        {
            b += target.DigestOf(s);
        }

        Assert.Equal(a, b);
    }

    [Fact]
    public void Read_OneOwnedShard_FillsItAndAllWorkingParameters()
    {
        ParameterLayout layout = Layout(5);
        TrainingState source = State(layout);
        WorkingParameters working = Own(new PackedParameters(_provider, layout)).Working;
        TrainingState target = Own(TrainingState.CopyOf(new ShardPlacement(layout, [3]), working, new RunProgress()));
        ShardLoader loader = new(target, working);
        foreach (byte[] file in Files(source))
        {
            loader.Read(new MemoryStream(file), "f", Sha(file));
        }

        loader.Complete(source.Progress.ToBytes());
        Assert.Equal(source.DigestOf(3), target.DigestOf(3));
        for (int c = 0; c < layout.Chunks; c++)
        {
            ParameterChunk chunk = layout.ChunkAt(c);
            Assert.Equal(source.Values(0, c), working.Values(chunk));
        }
    }

    [Fact]
    public void Read_FlippedBitAnywhereOrCutFile_IsADigestMismatchThatNamesTheFile()
    {
        ParameterLayout layout = new([new("a", [40], 0), new("b", [9], 1)], 2);
        TrainingState source = State(layout);
        byte[] good = Files(source)[0];
        string expected = Sha(good);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 4;
            ShardDigestMismatchException thrown = Assert.Throws<ShardDigestMismatchException>(() => Loader(layout).Read(new MemoryStream(bad), "shard-0", expected));
            Assert.Equal(("shard-0", expected, Sha(bad)), (thrown.File, thrown.Expected, thrown.Found));
        }

        foreach (int length in (int[])[0, 5, 8, 100, good.Length - 1])
        {
            Assert.Throws<ShardDigestMismatchException>(() => Loader(layout).Read(new MemoryStream(good[..length]), "shard-0", expected));
        }

        Assert.Throws<ShardDigestMismatchException>(() => Loader(layout).Read(new MemoryStream([.. good, 0]), "shard-0", expected));
    }

    [Fact]
    public void Read_RightDigestWrongContent_IsAFormatErrorThatSaysWhat()
    {
        ParameterLayout layout = new([new("a", [40], 0), new("b", [9], 1)], 2);
        byte[] good = Files(State(layout))[0];
        (Func<byte[], byte[]> Change, string Message)[] cases =
        [
            (b => [.. b, 0], "1 bytes follow"),
            (b => b[..^4], "ends 4 bytes before"),
            (b => Replace(b, "olmo-shard-1", "olmo-shard-7"), "olmo-shard-7"),
            (b => Replace(b, "\"0 1 40\"", "\"0 1 41\""), "has shape 41; the model's has 40"),
            (b => Replace(b, "\"0 1 40\"", "\"2 1 40\""), "has no chunk 2"),
            (b => Replace(b, "\"shape\":[40]", "\"shape\":[41]"), "does not begin at byte"),
            (b => Replace(b, "parameter/a", "parameter/z"), "cannot be read"),
            (b => Replace(b, "{\"__meta", "[\"__meta"), "cannot be read"),
            (_ => [255, 255, 255, 255, 255, 0, 0, 0], "at most 100000000"),
        ];
        foreach ((Func<byte[], byte[]> change, string message) in cases)
        {
            byte[] bad = change(good);
            ShardFormatException thrown = Assert.Throws<ShardFormatException>(() => Loader(layout).Read(new MemoryStream(bad), "shard-0", Sha(bad)));
            Assert.StartsWith("shard-0: ", thrown.Message, StringComparison.Ordinal);
            Assert.Contains(message, thrown.Message, StringComparison.Ordinal);
        }

        ParameterLayout other = new([new("c", [40], 0)], 2);
        Assert.Contains(
            "no tensor 'a'",
            Assert.Throws<ShardFormatException>(() => Loader(other).Read(new MemoryStream(good), "f", Sha(good))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Complete_FileMissing_NamesTensorAndShard()
    {
        ParameterLayout layout = Layout(5);
        byte[][] files = Files(State(layout));
        ShardLoader loader = Loader(layout);
        foreach (byte[] file in files.Where((_, i) => i != 1))
        {
            loader.Read(new MemoryStream(file), "f", Sha(file));
        }

        MissingShardDataException thrown = Assert.Throws<MissingShardDataException>(() => loader.Complete(new RunProgress().ToBytes()));
        Assert.Equal(("embed", 1), (thrown.Tensor, thrown.Shard));
    }

    [Fact]
    public void Stage_StateChangesAfterTake_FileHoldsTheStepBoundary()
    {
        ParameterLayout layout = Layout(3);
        TrainingState state = State(layout);
        using ShardStage stage = new(_provider, state.Placement);
        Assert.Throws<InvalidOperationException>(() => stage.Write(0, Stream.Null));
        stage.Take(state);
        string before = stage.Write(1, Stream.Null).Sha256;
        float[] moments = state.Values(1, 1);
        moments[7] += 1f;
        state.Write(1, 1, moments);
        Assert.Equal(before, stage.Write(1, Stream.Null).Sha256);
        using MemoryStream written = new(), described = new();
        Assert.Equal(stage.Write(1, written), stage.Describe(1));
        stage.WriteDescribed(1, described);
        Assert.Equal(written.ToArray(), described.ToArray());
        stage.Take(state);
        Assert.NotEqual(before, stage.Write(1, Stream.Null).Sha256);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => stage.Write(1, Stream.Null, cancelled.Token));
    }

    [Fact]
    public void Take_WhileAFileIsWritten_IsRefused()
    {
        TrainingState state = State(Layout(3));
        using ShardStage stage = new(_provider, state.Placement);
        stage.Take(state);
        bool refused = false;
        stage.Write(0, new CallbackStream(() =>
        {
            Assert.True(stage.IsBusy);
            Assert.Throws<InvalidOperationException>(() => stage.Take(state));
            refused = true;
        }));
        Assert.True(refused);
        stage.Take(state);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Export_FromStateOrFilesOfAnyShardCount_SameFileAndDigest(int shards)
    {
        TrainingState state = State(Layout(5));
        StateChunkSource living = new(state);
        using MemoryStream exported = new();
        string sha = WeightExport.WriteSafetensors(living, exported);
        Assert.Equal(sha, Sha(exported.ToArray()));
        (Stream, string, string)[] files = [.. Files(state).Select((f, i) => ((Stream)new MemoryStream(f), $"f{i}", Sha(f)))];
        ShardFileSet stored = ShardFileSet.Open(Layout(shards), files);
        using MemoryStream again = new();
        Assert.Equal(sha, WeightExport.WriteSafetensors(stored, again));
        Assert.Equal(WeightExport.Digest(living), WeightExport.Digest(stored));
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(exported.ToArray());
        Assert.Equal(WeightExport.Digest(living), Sha(exported.ToArray()[(8 + header)..]));
        Assert.Equal(state.Layout.Elements * 4, exported.Length - 8 - header);

        byte[] bad = Files(state)[2];
        bad[^1] ^= 1;
        files[2] = (new MemoryStream(bad), "f2", files[2].Item3);
        Assert.Throws<ShardDigestMismatchException>(() => ShardFileSet.Open(Layout(shards), files));
        Assert.Throws<MissingShardDataException>(() => ShardFileSet.Open(Layout(shards), files[..2]));
    }

    [Fact]
    public void Progress_WrittenAndRestored_IsEqual()
    {
        RunProgress progress = new(8);
        for (int i = 0; i < 11; i++)
        {
            progress.Complete(320, i % 3 != 0 ? StepEffect.Applied : StepEffect.Spike, 3.0 + i, 1.0, new StepSamples(i < 5 ? i + 1 : i + 4, 10, (ulong)i));
        }

        RunProgress again = new(8);
        again.Restore(progress.ToBytes());
        Assert.Equal(progress.ToBytes(), again.ToBytes());
        Assert.Equal(progress.Digest, again.Digest);
        Assert.Equal((11L, 7L, 3520L), (again.Step, again.Updates, again.Tokens));
        Assert.Equal("1-5,9-14", again.Ledger.ToString().Split(' ')[^1]);
        Assert.Throws<InvalidDataException>(() => again.Restore(progress.ToBytes().AsSpan(0, 40)));
        again.BeginStage();
        Assert.Equal((0L, 7L, 0L), (again.Step, again.Updates, again.Tokens));
    }

    private static byte[] Replace(byte[] file, string from, string to)
    {
        string text = Encoding.Latin1.GetString(file);
        Assert.Contains(from, text, StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
    }

    private static string Sha(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static ParameterLayout Layout(int shards) => new(
        [new("embed", [301, 72], 0), new("up", [40_001], 1), new("norm", [73], 1), new("down", [3, 16384], 2), new("head", [9], 3)], shards);

    private byte[][] Files(TrainingState state)
    {
        using ShardStage stage = new(_provider, state.Placement);
        stage.Take(state);
        List<byte[]> files = [];
        foreach (int shard in state.Placement.Shards)
        {
            using MemoryStream stream = new();
            ShardFileInfo info = stage.Write(shard, stream);
            byte[] bytes = stream.ToArray();
            Assert.Equal(new ShardFileInfo(shard, Sha(bytes), bytes.Length), info);
            files.Add(bytes);
        }

        return [.. files];
    }

    private void Load(TrainingState target, byte[][] files, byte[] progress)
    {
        ShardLoader loader = new(target);
        foreach (byte[] file in files)
        {
            loader.Read(new MemoryStream(file), "f", Sha(file));
        }

        loader.Complete(progress);
    }

    private ShardLoader Loader(ParameterLayout layout) => new(Empty(layout, out _));

    private TrainingState Empty(ParameterLayout layout, out WorkingParameters working)
    {
        working = Own(new PackedParameters(_provider, layout)).Working;
        return Own(TrainingState.OverWorkingParameters(working, new RunProgress()));
    }

    private TrainingState State(ParameterLayout layout, params int[] shards)
    {
        TrainingState state = Empty(layout, out WorkingParameters working);
        if (shards.Length > 0)
        {
            state = Own(TrainingState.CopyOf(new ShardPlacement(layout, shards), working, new RunProgress()));
        }

        foreach (int c in state.Placement.Held)
        {
            ParameterChunk chunk = layout.ChunkAt(c);
            for (int plane = 0; plane < TrainingState.Planes; plane++)
            {
                float[] values = new float[chunk.Length];
                for (int i = 0; i < chunk.Length; i++)
                {
                    ulong element = (ulong)(chunk.FirstElement + i);
                    values[i] = (int)Philox.Block((uint)element, (uint)plane, 0, 0, 3, 4).W0 / 2147483648f;
                }

                state.Write(plane, c, values);
            }
        }

        state.RefreshDigests();
        return state;
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Insert(0, value);
        return value;
    }

    private sealed class CallbackStream(Action onWrite) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => onWrite();
    }
}
