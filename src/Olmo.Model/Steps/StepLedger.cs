using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Olmo.Model.Steps;

/// <summary>SHA-256 of the token ids of each group that a rank ran in a step.</summary>
public sealed class StepLedger(int groups)
{
    private const int EntryBytes = 4 + BatchHash.Length;
    private readonly byte[] _entries = new byte[groups * EntryBytes];
    private readonly byte[] _packed = new byte[groups * EntryBytes];
    private readonly bool[] _ran = new bool[groups];

    /// <summary>Groups noted.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets all groups.</summary>
    public void Clear()
    {
        Array.Clear(_ran);
        Count = 0;
    }

    /// <summary>Notes a group: hash of its ids as little-endian int32.</summary>
    public void Note(GroupBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_ran[batch.Group])
        {
            return;
        }

        Span<byte> entry = _entries.AsSpan(batch.Group * EntryBytes, EntryBytes);
        BinaryPrimitives.WriteInt32LittleEndian(entry, batch.Group);
        SHA256.HashData(MemoryMarshal.AsBytes(batch.Ids.AsSpan()), entry[4..]);
        _ran[batch.Group] = true;
        Count++;
    }

    /// <summary>Hash of a group's ids, if this rank ran it.</summary>
    public BatchHash? OfGroup(int group) => _ran[group] ? BatchHash.Of(_entries.AsSpan((group * EntryBytes) + 4, BatchHash.Length)) : null;

    /// <summary>Hash over the entries in group order.</summary>
    public BatchHash OfAll()
    {
        Span<byte> hash = stackalloc byte[BatchHash.Length];
        SHA256.HashData(Packed(), hash);
        return BatchHash.Of(hash);
    }

    private ReadOnlySpan<byte> Packed()
    {
        if (Count == _ran.Length)
        {
            return _entries;
        }

        Span<byte> packed = _packed;
        int at = 0;
        for (int g = 0; g < _ran.Length; g++)
        {
            if (_ran[g])
            {
                _entries.AsSpan(g * EntryBytes, EntryBytes).CopyTo(packed[at..]);
                at += EntryBytes;
            }
        }

        return packed[..at];
    }
}
