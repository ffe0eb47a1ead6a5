using System.Text;
using Olmo.Actors.ObjectStorage;

namespace Olmo.Actors.Tests.ObjectStorage;

public sealed class LocalObjectStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-store-").FullName;
    private readonly LocalObjectStore _store;

    public LocalObjectStoreTests() => _store = new LocalObjectStore(_folder, TimeProvider.System);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void PutIfAbsent_NameTaken_LeavesTheFirstContent()
    {
        Assert.Equal(PutOutcome.Written, _store.PutIfAbsent("shards/a", s => s.Write("one"u8)));
        Assert.Equal(PutOutcome.AlreadyThere, _store.PutIfAbsent("shards/a", s => s.Write("two"u8)));

        Assert.Equal("one", Read("shards/a"));
    }

    /// <summary>Around the page and the buffer that is written past the page cache, in pieces that fit neither; a flush on the way changes nothing.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 4096)]
    [InlineData((2 << 20) + 12_345)]
    public void PutIfAbsent_AnyLength_IsWhatWasWritten(int length)
    {
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++)
        {
            content[i] = (byte)((i * 31) + (i >> 12));
        }

        for (int time = 0; time < 2; time++)
        {
            _store.PutIfAbsent($"shards/{time}", s =>
            {
                for (int at = 0; at < length; at += 77_777)
                {
                    s.Write(content.AsSpan(at, Math.Min(77_777, length - at)));
                    if (time == 1)
                    {
                        s.Flush();
                    }
                }

                Assert.Equal(length, s.Length);
            });

            Assert.True(File.ReadAllBytes(Path.Combine(_folder, "shards", $"{time}")).AsSpan().SequenceEqual(content));
        }
    }

    [Fact]
    public void PutIfAbsent_WriterFails_LeavesNothing()
    {
        Assert.Throws<InvalidOperationException>(() => _store.PutIfAbsent("shards/a", s =>
        {
            s.Write("half"u8);
            throw new InvalidOperationException("died");
        }));

        Assert.Null(_store.LengthOf("shards/a"));
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Open_HalfWrittenFileOfADeadProcess_IsRemoved()
    {
        string left = Path.Combine(_folder, ".writing", "run", "7");
        File.WriteAllText(left, "half");

        _ = new LocalObjectStore(_folder, TimeProvider.System);

        Assert.False(File.Exists(left));
    }

    [Fact]
    public void Open_HalfWrittenFileOfAnotherWriter_StaysUntilItIsOld()
    {
        LocalObjectStore other = new(_folder, TimeProvider.System, "rank-1");
        string left = Path.Combine(_folder, ".writing", "rank-1", "7");
        File.WriteAllText(left, "half");

        _ = new LocalObjectStore(_folder, TimeProvider.System, "rank-2");
        Assert.Equal(0, other.RemoveUnfinished(DateTimeOffset.UnixEpoch));
        Assert.True(File.Exists(left));

        Assert.Equal(1, other.RemoveUnfinished(new DateTimeOffset(File.GetLastWriteTimeUtc(left)).AddSeconds(1)));
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void SetAside_BadObject_IsKeptElsewhere()
    {
        _store.PutIfAbsent("shards/a", s => s.Write("bad"u8));

        string aside = _store.SetAside("shards/a");

        Assert.Null(_store.LengthOf("shards/a"));
        Assert.Equal("bad", File.ReadAllText(Path.Combine(_folder, aside)));
        Assert.Empty(_store.List("shards/"));
    }

    [Fact]
    public void List_Prefix_GivesNamesInOrder()
    {
        foreach (string name in (string[])["shards/b", "manifests/x", "shards/a"])
        {
            _store.PutIfAbsent(name, s => s.WriteByte(1));
        }

        Assert.Equal(["shards/a", "shards/b"], _store.List("shards/").Select(o => o.Name));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData(".hidden")]
    public void PutIfAbsent_NameOutsideTheStore_IsRefused(string name) =>
        Assert.Throws<ArgumentException>(() => _store.PutIfAbsent(name, _ => { }));

    [Fact]
    public void PutIfAbsent_FullDevice_SaysSoAndKeepsNothing()
    {
        if (!File.Exists("/dev/full"))
        {
            return;
        }

        StorageFullException error = Assert.Throws<StorageFullException>(() => _store.PutIfAbsent("shards/a", s =>
        {
            using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            full.Write(new byte[4096]); // what the kernel says when there is no room
        }));

        Assert.Contains("shards/a", error.Message, StringComparison.Ordinal);
        Assert.Null(_store.LengthOf("shards/a"));
    }

    private string Read(string name)
    {
        using StreamReader reader = new(_store.OpenRead(name), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
