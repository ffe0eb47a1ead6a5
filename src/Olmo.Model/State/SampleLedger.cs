using System.Buffers.Binary;
using System.Globalization;
using Olmo.Data.Instances;

namespace Olmo.Model.State;

/// <summary>
/// Which batches of the order of the data a run has consumed, as intervals, with the number of sequences and a hash of the ids and labels that the loss was given. Part of the
/// run's replicated state; it grows only with gaps, which discards make.
/// </summary>
public sealed class SampleLedger
{
    private const int FixedBytes = 28;
    private const int RangeBytes = 16;
    private BatchRange[] _ranges = new BatchRange[1];
    private int _count;

    /// <summary>Sequences that the loss was given.</summary>
    public long Sequences { get; private set; }

    /// <summary>Sum of <see cref="SampleHash.OfBatch"/> over the batches consumed, mod 2^64.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Steps whose update was left out; their batches count as consumed.</summary>
    public long Skipped { get; private set; }

    /// <summary>Batches consumed, ascending as they were consumed.</summary>
    public ReadOnlySpan<BatchRange> Batches => _ranges.AsSpan(0, _count);

    /// <summary>Bytes of <see cref="Write"/>.</summary>
    public int EncodedBytes => FixedBytes + (RangeBytes * _count);

    /// <summary>Notes a batch. Allocates only where it does not follow the one before.</summary>
    /// <param name="batch">Its number, above all noted before.</param>
    /// <param name="sequences">Sequences that the loss was given.</param>
    /// <param name="hash">Sum of their hashes.</param>
    /// <param name="skipped">The update was left out.</param>
    /// <exception cref="ArgumentException">The batch, or a later one, was consumed already.</exception>
    public void Add(long batch, long sequences, ulong hash, bool skipped)
    {
        long last = _count == 0 ? 0 : _ranges[_count - 1].Last;
        if (batch <= last)
        {
            throw new ArgumentException($"Batch {batch} was offered after batch {last} was consumed.", nameof(batch));
        }

        if (_count > 0 && batch == last + 1)
        {
            _ranges[_count - 1] = _ranges[_count - 1] with { Last = batch };
        }
        else
        {
            Append(new BatchRange(batch, batch));
        }

        Sequences += sequences;
        Hash += SampleHash.OfBatch(batch, hash);
        Skipped += skipped ? 1 : 0;
    }

    /// <summary>Little-endian: sequences, hash, skipped (int64), ranges (int32), then first and last of each.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, Sequences);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Hash);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], Skipped);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], _count);
        for (int i = 0; i < _count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[(FixedBytes + (RangeBytes * i))..], _ranges[i].First);
            BinaryPrimitives.WriteInt64LittleEndian(destination[(FixedBytes + (RangeBytes * i) + 8)..], _ranges[i].Last);
        }
    }

    /// <summary>Takes over what <see cref="Write"/> wrote.</summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="InvalidDataException">The bytes are no ledger.</exception>
    public int Restore(ReadOnlySpan<byte> source)
    {
        int count = source.Length < FixedBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source[24..]);
        if (count < 0 || source.Length < FixedBytes + ((long)RangeBytes * count))
        {
            throw new InvalidDataException($"{source.Length} bytes are no ledger of {count} ranges.");
        }

        BatchRange[] ranges = new BatchRange[Math.Max(1, count)];
        for (int i = 0; i < count; i++)
        {
            ranges[i] = new BatchRange(
                BinaryPrimitives.ReadInt64LittleEndian(source[(FixedBytes + (RangeBytes * i))..]), BinaryPrimitives.ReadInt64LittleEndian(source[(FixedBytes + (RangeBytes * i) + 8)..]));
            if (ranges[i].First > ranges[i].Last || ranges[i].First < 1 || (i > 0 && ranges[i].First <= ranges[i - 1].Last))
            {
                throw new InvalidDataException($"range {i} of a ledger is {ranges[i].First}-{ranges[i].Last}, after {(i > 0 ? ranges[i - 1].Last : 0)}");
            }
        }

        Sequences = BinaryPrimitives.ReadInt64LittleEndian(source);
        Hash = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]);
        Skipped = BinaryPrimitives.ReadInt64LittleEndian(source[16..]);
        (_ranges, _count) = (ranges, count);
        return FixedBytes + (RangeBytes * count);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        (Sequences, Hash, Skipped) = (0, 0, 0);
        _count = 0;
    }

    /// <summary>One line: <c>sequences 1440 hash 00ff00ff00ff00ff skipped 2 batches 1-50,101-160</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"sequences {Sequences} hash {Hash:x16} skipped {Skipped} batches {(_count == 0 ? "none" : string.Join(',', Batches.ToArray()))}");

    /// <summary>Reads such a line.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SampleLedger Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        string[] words = line.Split(' ');
        if (words is not ["sequences", _, "hash", _, "skipped", _, "batches", _])
        {
            throw new FormatException($"'{line}' is no ledger");
        }

        SampleLedger ledger = new()
        {
            Sequences = long.Parse(words[1], CultureInfo.InvariantCulture),
            Hash = ulong.Parse(words[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            Skipped = long.Parse(words[5], CultureInfo.InvariantCulture),
        };
        foreach (string range in words[7] == "none" ? [] : words[7].Split(','))
        {
            string[] ends = range.Split('-');
            ledger.Append(new BatchRange(long.Parse(ends[0], CultureInfo.InvariantCulture), long.Parse(ends[^1], CultureInfo.InvariantCulture)));
        }

        return ledger;
    }

    private void Append(BatchRange range)
    {
        if (_count == _ranges.Length)
        {
            Array.Resize(ref _ranges, 2 * _count);
        }

        _ranges[_count++] = range;
    }
}
