using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Tensors;
using Xunit;

namespace Olmo.Model.Tests.Tensors;

/// <summary>Every operation of the CPU provider against plain formulas in double, and its bits over widths and threads.</summary>
public sealed class CpuProviderOperationTests
{
    public static TheoryData<string> Operations => [.. ProviderOperations.All.Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_EveryWidthAndThreadCount_IsCloseToFp64AndHasTheSameBits(string name)
    {
        ProviderOperation operation = ProviderOperations.Named(name);
        using Fp64Provider oracle = new();
        using Workbench expected = new(oracle, isLarge: true);
        operation.Run(expected);
        Dictionary<string, double[]>? first = null;
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
        {
            foreach (int threads in new[] { 1, 2 })
            {
                using ComputePool pool = new(threads);
                using CpuProvider provider = new(pool, width);
                using Workbench bench = new(provider, isLarge: true);
                operation.Run(bench);
                Dictionary<string, double[]> outputs = bench.Outputs.ToDictionary(o => o, bench.Read, StringComparer.Ordinal);
                string where = $"{name}, {width}, {threads} threads";
                foreach ((string output, double[] values) in outputs)
                {
                    AssertClose(expected.Read(output), values, operation.Tolerance, $"{where}: {output}");
                    if (outputs.TryGetValue(output + " in place", out double[]? inPlace))
                    {
                        AssertSameBits(values, inPlace, $"{where}: {output} in place");
                    }

                    if (first is not null)
                    {
                        AssertSameBits(first[output], values, $"{where}: {output}");
                    }
                }

                first ??= outputs;
            }
        }
    }

    [Fact]
    public void Operation_ShapesThatDoNotFit_NamesBothTensors()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using Workbench bench = new(provider, isLarge: false);
        Tensor matrix = bench.Input("matrix", 3, 4);
        Tensor other = bench.Input("other", 5, 6);
        Tensor row = bench.Input("row", 4);
        Tensor ids = bench.Integers("ids", 0, 1);
        Tensor none = default;
        (string Second, Action Run)[] cases =
        [
            ("other", () => provider.Linear(matrix, other, matrix)),
            ("other", () => provider.LinearInputGradient(matrix, other, matrix)),
            ("other", () => provider.LinearWeightGradient(matrix, other, matrix, accumulate: false)),
            ("other", () => provider.Add(matrix, other, matrix)),
            ("other", () => provider.Copy(matrix, other)),
            ("other", () => provider.RmsNorm(matrix, row, other, none, 1e-6)),
            ("other", () => provider.RmsNorm(matrix, other, matrix, none, 1e-6)),
            ("other", () => provider.RmsNorm(matrix, row, matrix, none, 1e-6, other)),
            ("other", () => provider.LayerNorm(matrix, other, none, none, 1e-6)),
            ("other", () => provider.Clamp(matrix, other, 1.0)),
            ("other", () => provider.SwiGlu(matrix, other, matrix)),
            ("ids", () => provider.Rope(matrix, new(ids, bench.Input("cos", 2, 2), bench.Input("sin", 2, 2)), matrix)),
            ("other", () => provider.Embedding(matrix, ids, other)),
            ("other", () => provider.Attention(new AttentionGeometry(1, 3, 3, 0, 2, 1, 2, 0), matrix, other, other, none, matrix, none)),
        ];
        for (int i = 0; i < cases.Length; i++)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(cases[i].Run);
            Assert.True(error.Message.Contains($"'{cases[i].Second}'", StringComparison.Ordinal), $"case {i}: {error.Message}");
            Assert.True(error.Message.Contains("'matrix'", StringComparison.Ordinal), $"case {i}: {error.Message}");
        }
    }

    internal static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"{what}[{i}] is {actual[i]:R}; fp64 gives {expected[i]:R} (largest {scale:R})");
        }
    }

    private static void AssertSameBits(double[] expected, double[] actual, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.DoubleToInt64Bits(expected[i]) == BitConverter.DoubleToInt64Bits(actual[i]), $"{what}[{i}] is {actual[i]:R}, elsewhere {expected[i]:R}");
        }
    }
}
