using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <content>Sums across groups and the update.</content>
internal sealed partial class Fp64Provider
{
    private static readonly double Scale = Math.ScaleB(1.0, 48);

    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags)
    {
        Span<double> x = Doubles(gradient);
        Span<long> y = Longs(sums);
        for (int r = 0; r < ranges.Length; r++)
        {
            for (int i = 0; i < ranges[r].Length; i++)
            {
                double value = x[(int)ranges[r].InTensor + i];
                bool isValid = Math.Abs(value) < limit;
                long rounded = isValid ? (long)Math.Round(value * Scale, MidpointRounding.ToEven) : 0;
                ref long sum = ref y[(int)ranges[r].Packed + i];
                sum = accumulate ? sum + rounded : rounded;
                if (!isValid)
                {
                    Ints(flags)[r] = 1;
                }
            }
        }
    }

    public void AddIntegers(in Tensor values, in Tensor sums)
    {
        for (int i = 0; i < values.Count; i++)
        {
            Longs(sums)[i] += Longs(values)[i];
        }
    }

    public int ReadPacked(in Tensor source, Span<byte> packed)
    {
        Span<long> x = Longs(source);
        int blocks = (x.Length + 63) / 64;
        int at = blocks;
        for (int b = 0; b < blocks; b++)
        {
            Span<long> block = x.Slice(b * 64, Math.Min(64, x.Length - (b * 64)));
            int bytes = 0;
            foreach (long value in block)
            {
                while (bytes < 8 && value != (bytes == 0 ? 0 : value << (64 - (8 * bytes)) >> (64 - (8 * bytes))))
                {
                    bytes++;
                }
            }

            packed[b] = (byte)bytes;
            foreach (long value in block)
            {
                BitConverter.GetBytes(value).AsSpan(0, bytes).CopyTo(packed[at..]);
                at += bytes;
            }
        }

        return at;
    }

    public int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed)
    {
        Span<long> y = Longs(destination);
        int at = (y.Length + 63) / 64;
        for (int i = 0; i < y.Length; i++)
        {
            int bytes = packed[i / 64];
            long value = bytes > 0 && packed[at + bytes - 1] >= 0x80 ? -1 : 0;
            for (int b = bytes - 1; b >= 0; b--)
            {
                value = (value << 8) | packed[at + b];
            }

            y[i] = value;
            at += bytes;
        }

        return at;
    }

    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient)
    {
        for (int r = 0; r < ranges.Length; r++)
        {
            ulong digest = 0;
            double square = 0.0;
            for (int i = 0; i < ranges[r].Length; i++)
            {
                long x = Total(sums, other, ranges[r], i);
                digest += (ulong)x * Factor(ranges[r].Index + (ulong)i);
                double single = (float)(x / Scale);
                square += single * single;
                if (!gradient.IsNone)
                {
                    Doubles(gradient)[(int)ranges[r].Packed + i] = single;
                }
            }

            Longs(digests)[r] = (long)digest;
            if (!squares.IsNone)
            {
                Doubles(squares)[r] = square;
            }
        }
    }

    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        foreach (ChunkRange range in ranges)
        {
            for (int i = 0; i < range.Length; i++)
            {
                double g = (sums.DType == DType.F32 ? Doubles(sums)[(int)range.Packed + i] : Total(sums, other, range, i) / Scale) * step.Clip;
                ref double parameter = ref Doubles(p)[(int)range.InTensor + i];
                ref double first = ref Doubles(m)[(int)range.Packed + i];
                ref double second = ref Doubles(v)[(int)range.Packed + i];
                first += step.OneMinusBeta1 * (g - first);
                second = (step.Beta2 * second) + (step.OneMinusBeta2 * g * g);
                parameter = (parameter * step.Decay) - (step.StepSize * first / ((Math.Sqrt(second) * step.InverseRootCorrection2) + step.Epsilon));
            }
        }

        DigestState(p, m, v, ranges, digests);
    }

    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        for (int r = 0; r < ranges.Length; r++)
        {
            ChunkRange range = ranges[r];
            Longs(digests)[r] = (long)(Digest(0, Doubles(p)[(int)range.InTensor..], range) + Digest(1, Doubles(m)[(int)range.Packed..], range)
                + Digest(2, Doubles(v)[(int)range.Packed..], range));
        }
    }

    private static ulong Digest(ulong plane, Span<double> values, ChunkRange range)
    {
        ulong digest = 0;
        for (int i = 0; i < range.Length; i += 2)
        {
            ulong low = BitConverter.SingleToUInt32Bits((float)values[i]);
            ulong high = i + 1 < range.Length ? BitConverter.SingleToUInt32Bits((float)values[i + 1]) : 0UL;
            digest += (low | (high << 32)) * Factor((plane << 60) + range.Index + (ulong)(i / 2));
        }

        return digest;
    }

    private static long Total(in Tensor sums, in Tensor other, ChunkRange range, int i) =>
        Longs(sums)[(int)range.Packed + i] + (other.IsNone ? 0 : Longs(other)[(int)range.Packed + i]);

    private static ulong Factor(ulong index)
    {
        ulong u = (index + 1) * 0x9E3779B97F4A7C15UL;
        u = (u ^ (u >> 32)) * 0xD6E8FEB86659FD93UL;
        return (u ^ (u >> 32)) | 1UL;
    }
}
