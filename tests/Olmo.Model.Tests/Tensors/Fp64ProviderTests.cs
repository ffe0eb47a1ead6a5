using Xunit;

namespace Olmo.Model.Tests.Tensors;

/// <summary>Every gradient against central differences of its forward operation, in double.</summary>
public sealed class Fp64ProviderTests
{
    private const double Step = 1e-5;

    public static TheoryData<string> Operations => [.. ProviderOperations.All.Where(o => o.Differentiated.Length > 0).Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Gradient_EveryElementOfEveryInput_EqualsCentralDifference(string name)
    {
        ProviderOperation operation = ProviderOperations.Named(name);
        using Fp64Provider provider = new();
        using Workbench whole = new(provider, isLarge: false);
        operation.Run(whole);
        foreach (string input in operation.Differentiated)
        {
            double[] values = whole.Read(input);
            double[] gradient = whole.Read("d" + input);
            double scale = gradient.Max(Math.Abs);
            Assert.True(scale > 0.01, $"the gradient by {input} is at most {scale}: nothing would be compared");
            for (int i = 0; i < values.Length; i++)
            {
                double difference = (At(operation, provider, input, values, i, Step) - At(operation, provider, input, values, i, -Step)) / (2.0 * Step);
                Assert.True(
                    Math.Abs(difference - gradient[i]) <= 1e-8 * scale, $"d{input}[{i}] is {gradient[i]:R}; the difference quotient is {difference:R}");
            }
        }
    }

    private static double At(ProviderOperation operation, Fp64Provider provider, string input, double[] values, int element, double step)
    {
        double[] moved = [.. values];
        moved[element] += step;
        using Workbench bench = new(provider, isLarge: false);
        bench.Given[input] = moved;
        return operation.Run(bench);
    }
}
