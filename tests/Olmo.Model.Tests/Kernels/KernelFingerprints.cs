using System.Runtime.InteropServices;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Kernels;

/// <summary>One hash per kernel over fixed inputs of odd sizes, to be compared between processes.</summary>
internal static unsafe class KernelFingerprints
{
    public static SortedDictionary<string, ulong> Compute(SimdWidth width)
    {
        SortedDictionary<string, ulong> hashes = new(StringComparer.Ordinal);
        Functions(hashes);
        Rows(width, hashes);
        Elements(width, hashes);
        AttentionOf(width, hashes);
        return hashes;
    }

    private static void Functions(SortedDictionary<string, ulong> hashes)
    {
        RandomStream stream = new(3, "functions");
        Pinned<double> y = new(400 * 7);
        Pinned<float> f = new(400 * 3);
        for (int i = 0; i < 400; i++)
        {
            double u = stream.Uniform((ulong)i);
            double x = (u - 0.5) * 200;
            double[] values =
            [
                Elementary.Exp(x), Elementary.Log(u), Elementary.Sin(x * 100), Elementary.Cos(x * 100), Elementary.Tanh(x / 50), Elementary.Pow(u, x / 30),
                Elementary.InverseErf((2 * u) - 1),
            ];
            values.CopyTo(y.Span[(i * 7)..]);
            f.Span[i * 3] = Elementary.Exp((float)x);
            f.Span[(i * 3) + 1] = Elementary.Log((float)u);
            f.Span[(i * 3) + 2] = TruncatedNormal.Draw(stream, 0.02, (ulong)i);
        }

        hashes["functions fp64"] = Hash(y.Span);
        hashes["functions fp32"] = Hash<float>(f.Span);
    }

    private static void Rows(SimdWidth width, SortedDictionary<string, ulong> hashes)
    {
        const int T = 5, D = 77;
        Pinned<float> x = TestData.Normal("x", T * D), w = TestData.Normal("w", D), dy = TestData.Normal("dy", T * D);
        Pinned<float> y = new(T * D), mean = new(T), rstd = new(T), dx = new(T * D), dw = new(D);
        RmsNorm.Forward(width, x, w, y, rstd, D, 1e-6f, 0, T);
        RmsNorm.BackwardInput(width, dy, x, w, rstd, dx, D, 0, T);
        RmsNorm.BackwardWeight(width, dy, x, rstd, dw, T, D, 0, D);
        hashes["rmsnorm"] = Hash<float>(y.Span) ^ Hash<float>(dx.Span) ^ Hash<float>(dw.Span);
        LayerNorm.Forward(width, x, y, mean, rstd, D, 1e-5f, 0, T);
        LayerNorm.Backward(width, dy, x, mean, rstd, dx, D, 0, T);
        hashes["layernorm"] = Hash<float>(y.Span) ^ Hash<float>(dx.Span);
        const int V = 1003;
        Pinned<float> logits = TestData.Normal("z", 2 * V, 3), ce = new(2), z = new(2);
        Pinned<int> labels = new([4, 1000]);
        LossRows rows = new()
        {
            Logits = logits,
            RowStride = V,
            Vocabulary = V,
            Labels = labels,
            InverseDivisor = 0.5f,
            ZMultiplier = 1e-4f,
            CrossEntropy = ce,
            ZLoss = z,
        };
        SoftmaxCrossEntropy.ForwardBackward(width, rows, 0, 2);
        hashes["loss"] = Hash<float>(logits.Span) ^ Hash<float>(ce.Span) ^ (3 * Hash<float>(z.Span));
    }

    private static void Elements(SimdWidth width, SortedDictionary<string, ulong> hashes)
    {
        const int N = 203;
        Pinned<float> a = TestData.Normal("a", N), b = TestData.Normal("b", N), g = TestData.Normal("g", N), y = new(N), da = new(N), db = new(N);
        SwiGlu.Forward(width, a, b, N, y, N, N, 0, 1);
        SwiGlu.Backward(width, g, N, a, b, da, db, N, N, 0, 1);
        hashes["swiglu"] = Hash<float>(y.Span) ^ Hash<float>(da.Span) ^ (3 * Hash<float>(db.Span));
        Pinned<long> sums = new(N);
        FixedPoint.Accumulate(width, a, sums, 100f, 0, N);
        FixedPoint.Accumulate(width, b, sums, 1f, 0, N);
        FixedPoint.ToFloat(width, sums, y, 0, N);
        hashes["fixed point"] = Hash<long>(sums.Span) ^ Hash<float>(y.Span) ^ SumDigest.Of(width, sums, 9, N);
        Pinned<byte> packed = new((int)PackedIntegers.MostBytes(N));
        nint bytes = SumPacking.Pack(width, sums, N, packed);
        Pinned<long> unpacked = new(N);
        SumPacking.Unpack(width, packed, packed.Length, unpacked, N);
        hashes["packed sums"] = Hash<byte>(packed.Span[..(int)bytes]) ^ Hash<long>(unpacked.Span);
        hashes["square sum"] = (ulong)BitConverter.DoubleToInt64Bits(SquareSum.Of(width, y, N));
        AdamW.Update(width, new AdamWStep(0.9f, 0.99f, 0.1f, 0.95f, 0.05f, 1e-2f, 1.3f, 1e-8f), g, a, da, sumsOfSquares(db), 0, N);
        hashes["adamw"] = Hash<float>(a.Span) ^ Hash<float>(da.Span);
        float[] frequencies = new float[11];
        RopeTable.Frequencies(10000, 22, frequencies);
        Pinned<float> cos = new(50 * 11), sin = new(50 * 11);
        RopeTable.Fill(cos, sin, frequencies, 1f, 0, 50);
        Pinned<int> positions = TestData.Ints("p", 3, 50);
        Rope.Apply(width, b, b, 66, positions, cos, sin, 3, 22, 0, 3);
        hashes["rope"] = Hash<float>(b.Span) ^ Hash<float>(cos.Span) ^ (3 * Hash<float>(sin.Span));

        static Pinned<float> sumsOfSquares(Pinned<float> x)
        {
            foreach (ref float v in x.Span)
            {
                v *= v;
            }

            return x;
        }
    }

    private static void AttentionOf(SimdWidth width, SortedDictionary<string, ulong> hashes)
    {
        AttentionCase c = new(71, 2, 1, 24, 0, [50, 21]);
        (Pinned<float> output, Pinned<float> lse) = c.Forward(width);
        Pinned<float>[] gradients = c.Backward(width, output, lse);
        hashes["attention"] = Hash<float>(output.Span) ^ (3 * Hash<float>(lse.Span));
        hashes["attention backward"] = Hash<float>(gradients[0].Span) ^ (3 * Hash<float>(gradients[1].Span)) ^ (5 * Hash<float>(gradients[2].Span));
    }

    private static ulong Hash<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ulong hash = 14695981039346656037UL;
        foreach (byte b in MemoryMarshal.AsBytes(values))
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash;
    }
}
