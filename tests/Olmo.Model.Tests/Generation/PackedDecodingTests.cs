using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;

namespace Olmo.Model.Tests.Generation;

/// <summary>Decoding with packed weights against resident ones of the same values, bit for bit.</summary>
public sealed class PackedDecodingTests
{
    [Theory]
    [MemberData(nameof(TinyModels.Names), MemberType = typeof(TinyModels))]
    public void Decoder_OfFp32_GivesTheBitsOfResidentWeights(string name) => AssertSame(name, DType.F32, static v => v);

    [Theory]
    [MemberData(nameof(TinyModels.Names), MemberType = typeof(TinyModels))]
    public void Decoder_OfBFloat16_GivesTheBitsOfTheRoundedWeights(string name) => AssertSame(name, DType.BF16, static v => BFloat16.Widen(BFloat16.Round(v)));

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.BF16)]
    public void Decoder_ManyTokens_AllocatesNothing(DType type)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        ParameterList parameters = new(TinyModels.Config("olmo2"));
        using PackedWeights weights = new(provider, parameters, type);
        weights.Fill((p, first, part) => Initialisation.Fill(parameters.Specs[p], 5, first, part));
        float[] logits = new float[2 * parameters.Config.Vocabulary];
        // The process has been everywhere once, the decoder that is measured has not.
        using (OlmoDecoder first = new(provider, parameters, weights, sequences: 2, capacity: 200))
        {
            Decode(first, logits, tokens: 90);
        }

        using OlmoDecoder decoder = new(provider, parameters, weights, sequences: 2, capacity: 200);
        Decode(decoder, logits, tokens: 3);
        decoder.Truncate(0, 0);
        decoder.Truncate(1, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long others = pool.AllocatedBytes;
        Decode(decoder, logits, tokens: 90);
        Assert.Equal((0, 0), (GC.GetAllocatedBytesForCurrentThread() - before, pool.AllocatedBytes - others));
    }

    private static void Decode(OlmoDecoder decoder, float[] logits, int tokens)
    {
        for (int i = 0; i < tokens; i++)
        {
            decoder.Append(0, [i % 11], logits.AsSpan(0, logits.Length / 2));
            decoder.Step([0, 1], [3, 5], logits);
        }
    }

    private static void AssertSame(string name, DType type, Func<float, float> stored)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        ParameterList parameters = new(TinyModels.Config(name));
        float[][] values = [.. parameters.Specs.Select(s => ValuesOf(s, stored))];
        using ResidentWeights resident = new(provider, parameters);
        for (int p = 0; p < values.Length; p++)
        {
            provider.Write<float>(resident[p], values[p]);
        }

        using PackedWeights packed = new(provider, parameters, type);
        packed.Fill((p, first, part) => values[p].AsSpan((int)first, part.Length).CopyTo(part));
        using OlmoDecoder expected = new(provider, parameters, resident, sequences: 2, capacity: 32, maxRows: 8);
        using OlmoDecoder found = new(provider, parameters, packed, sequences: 2, capacity: 32, maxRows: 8);
        int vocabulary = parameters.Config.Vocabulary;
        float[] e = new float[2 * vocabulary];
        float[] f = new float[2 * vocabulary];
        foreach (int[] ids in (int[][])[[3, 1, 4, 1, 5, 9, 2, 6, 5], [3], [5, 8]])
        {
            expected.Append(0, ids, e.AsSpan(0, vocabulary));
            found.Append(0, ids, f.AsSpan(0, vocabulary));
            Assert.Equal(e.Select(BitConverter.SingleToInt32Bits), f.Select(BitConverter.SingleToInt32Bits));
        }

        expected.Append(1, [7, 2], []);
        found.Append(1, [7, 2], []);
        expected.Step([1, 0], [11, 12], e);
        found.Step([1, 0], [11, 12], f);
        Assert.Equal(e.Select(BitConverter.SingleToInt32Bits), f.Select(BitConverter.SingleToInt32Bits));
    }

    // Norms stay fp32.
    private static float[] ValuesOf(ParameterSpec spec, Func<float, float> stored)
    {
        float[] values = new float[spec.Shape.Count];
        if (spec.Shape.Rank == 1)
        {
            TruncatedNormal.Fill(new RandomStream(5, spec.Name), 1.0, 0, values);
            return values;
        }

        Initialisation.Fill(spec, 5, 0, values);
        return [.. values.Select(stored)];
    }
}
