using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Cuda;
using Olmo.Model.Tests.Tensors;
using Xunit;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Every operation of the CUDA provider in fp32 against plain formulas in double; what owners of shards do against the bits of the CPU.</summary>
public sealed class CudaOperationTests
{
    // fp32 sums in another order than the CPU's, whose bars the operations have.
    private const double LeastTolerance = 5e-6;

    public static TheoryData<string> Operations => [.. ProviderOperations.All.Select(o => o.Name)];

    [CudaTheory]
    [MemberData(nameof(Operations))]
    public void Operation_InFp32_IsCloseToFp64AndTheSameAgain(string name)
    {
        ProviderOperation operation = ProviderOperations.Named(name);
        using Fp64Provider oracle = new();
        using Workbench expected = new(oracle, isLarge: true);
        operation.Run(expected);
        using CudaProvider provider = new();
        using Workbench bench = new(provider, isLarge: true);
        operation.Run(bench);
        using Workbench again = new(provider, isLarge: true);
        operation.Run(again);
        foreach (string output in bench.Outputs)
        {
            double[] values = bench.Read(output);
            Assert.Equal(values, again.Read(output));
            CpuProviderOperationTests.AssertClose(expected.Read(output), values, Math.Max(operation.Tolerance, LeastTolerance), $"{name}: {output}");
            if (bench.Outputs.Contains(output + " in place"))
            {
                Assert.Equal(values, bench.Read(output + " in place"));
            }
        }
    }

    [CudaFact]
    public void StepOperations_HaveTheBitsOfTheCpu()
    {
        using ComputePool pool = new(2);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        using CudaProvider cuda = new();
        StepOperationTests.Outcome expected = StepOperationTests.Run(cpu);
        StepOperationTests.Outcome actual = StepOperationTests.Run(cuda);
        Assert.Equal(expected.Sums, actual.Sums);
        Assert.Equal(expected.Packed, actual.Packed);
        Assert.Equal(expected.Flags, actual.Flags);
        Assert.Equal(expected.SumDigests, actual.SumDigests);
        Assert.Equal(expected.Squares, actual.Squares);
        Assert.Equal(expected.StateDigests, actual.StateDigests);
        Assert.Equal(expected.State, actual.State);
        Assert.Equal(expected.Gradient, actual.Gradient);
        Assert.Equal(expected.StateByGradient, actual.StateByGradient);
        Assert.Equal(expected.UpdatedDigests, actual.UpdatedDigests);
        Assert.Equal(expected.DigestsAgain, actual.DigestsAgain);
    }
}
