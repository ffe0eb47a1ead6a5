using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

public sealed class GemmTests
{
    public static TheoryData<GemmForm, SimdWidth, int> Cases
    {
        get
        {
            var cases = new TheoryData<GemmForm, SimdWidth, int>();
            foreach (GemmForm form in Enum.GetValues<GemmForm>())
            {
                foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
                {
                    cases.Add(form, width, 1);
                    cases.Add(form, width, 2);
                    cases.Add(form, width, 3);
                }
            }

            return cases;
        }
    }

    public static TheoryData<GemmForm, SimdWidth> Widths
    {
        get
        {
            var cases = new TheoryData<GemmForm, SimdWidth>();
            foreach (GemmForm form in Enum.GetValues<GemmForm>())
            {
                foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
                {
                    cases.Add(form, width);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Multiply_EverySmallSize_HasTheBitsOfTheDefinition(GemmForm form, SimdWidth width, int threads)
    {
        using var pool = new ComputePool(threads);
        using var workspace = new GemmWorkspace(threads);
        for (uint trial = 0; trial < 250; trial++)
        {
            (int m, int n, int k) = (Draw(trial, 0, 1, 40), Draw(trial, 1, 1, 70), Draw(trial, 2, 0, 40));
            using var matrices = new GemmMatrices(form, m, n, k, trial);
            matrices.Check(pool, width, workspace, accumulate: trial % 2 == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Multiply_SizesThatAreMultiplesOfNothing_HasTheBitsOfTheDefinition(GemmForm form, SimdWidth width, int threads)
    {
        using var pool = new ComputePool(threads);
        using var workspace = new GemmWorkspace(threads);
        foreach ((int m, int n, int k) in new[] { (37, 72, 200), (200, 37, 1003), (72, 200, 37), (1, 203, 301), (5, 301, 259), (103, 1, 257), (12, 32, 256), (13, 33, 257), (64, 96, 2049) })
        {
            using var matrices = new GemmMatrices(form, m, n, k, 1);
            matrices.Check(pool, width, workspace, accumulate: false);
            matrices.Check(pool, width, workspace, accumulate: true);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_MoreThanOnePackedBlock_HasTheBitsOfTheDefinition(GemmForm form, SimdWidth width)
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        foreach ((int m, int n, int k) in new[] { (2200, 19, 5), (19, 2200, 5), (2130, 2125, 2), (3, 40, 2300) })
        {
            using var matrices = new GemmMatrices(form, m, n, k, 2);
            matrices.Check(pool, width, workspace, accumulate: true);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_DepthCutIntoAccumulatingCalls_HasTheBitsOfOneCall(GemmForm form, SimdWidth width)
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        using var matrices = new GemmMatrices(form, 45, 83, 611, 3);
        foreach (int[] cuts in new[] { new[] { 1 }, [17, 300], [256, 512], [0, 610], [100, 101, 102, 400] })
        {
            int from = 0;
            foreach (int to in cuts.Append(611))
            {
                matrices.Multiply(pool, width, workspace, from, to, accumulate: from > 0);
                from = to;
            }

            matrices.AssertBits(accumulate: false);
            matrices.Reset();
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Single_AnySize_HasTheBitsOfTheDefinition(GemmForm form, SimdWidth width)
    {
        using var workspace = new GemmWorkspace(3);
        foreach ((int m, int n, int k) in new[] { (64, 64, 64), (64, 128, 128), (37, 72, 200), (100, 400, 260), (7, 5, 3), (200, 33, 520) })
        {
            using var matrices = new GemmMatrices(form, m, n, k, 4);
            matrices.CheckSingle(width, workspace, worker: 2, accumulate: false);
            matrices.CheckSingle(width, workspace, worker: 2, accumulate: true);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Multiply_LargeInEverySize_HasTheBitsOfTheSingleForm(GemmForm form, SimdWidth width, int threads)
    {
        if (width == SimdWidth.Scalar)
        {
            return; // both forms are the definition there
        }

        // The single form has other blocks, and the tests above compare it with the definition.
        using var pool = new ComputePool(threads);
        using var workspace = new GemmWorkspace(threads);
        foreach ((int m, int n, int k) in new[] { (1203, 1171, 523), (2203, 571, 1100), (571, 2203, 1100), (903, 771, 1600), (771, 903, 1600), (301, 307, 1100), (47, 530, 40_001) })
        {
            using var matrices = new GemmMatrices(form, m, n, k, 9);
            matrices.CheckAgainstSingle(pool, width, workspace);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_DepthZero_GivesZeroOrLeavesC(GemmForm form, SimdWidth width)
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        using var matrices = new GemmMatrices(form, 13, 35, 0, 5);
        matrices.Check(pool, width, workspace, accumulate: true);
        matrices.Check(pool, width, workspace, accumulate: false);
        matrices.CheckSingle(width, workspace, 0, accumulate: true);
        matrices.CheckSingle(width, workspace, 0, accumulate: false);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_OneNegativeZeroProduct_GivesPositiveZero(GemmForm form, SimdWidth width)
    {
        // -0 + +0 is +0: a first plain multiplication would have kept the sign.
        using var pool = new ComputePool(1);
        using var workspace = new GemmWorkspace(1);
        using var matrices = new GemmMatrices(form, 14, 34, 1, 6);
        matrices.Fill(-0f, 1f);
        matrices.Check(pool, width, workspace, accumulate: false);
        Assert.Equal(0u, BitConverter.SingleToUInt32Bits(matrices[0, 0]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_InfinityAtTheBorder_DoesNotLeakIntoOtherElements(GemmForm form, SimdWidth width)
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        using var matrices = new GemmMatrices(form, 13, 33, 21, 7);
        matrices.SetRow(12, float.PositiveInfinity);
        matrices.Check(pool, width, workspace, accumulate: false);
        Assert.True(float.IsFinite(matrices[11, 32]));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Multiply_AllocatesNothing(GemmForm form, SimdWidth width)
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        using var matrices = new GemmMatrices(form, 50, 70, 90, 8);
        using var few = new GemmMatrices(form, 2, 70, 90, 8);
        matrices.Multiply(pool, width, workspace, 0, 90, accumulate: false);
        few.Multiply(pool, width, workspace, 0, 90, accumulate: false);
        long before = GC.GetAllocatedBytesForCurrentThread();
        matrices.Multiply(pool, width, workspace, 0, 90, accumulate: true);
        few.Multiply(pool, width, workspace, 0, 90, accumulate: true);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public unsafe void Multiply_BadArguments_AreRefused()
    {
        using var pool = new ComputePool(2);
        using var workspace = new GemmWorkspace(2);
        using var small = new GemmWorkspace(1);
        using AlignedBuffer memory = AlignedBuffer.Of<float>(16);
        float* x = memory.Pointer<float>();
        Assert.Throws<ArgumentNullException>(() => Gemm.Nt(null!, SimdWidth.Scalar, workspace, 1, 1, 1, x, 1, x, 1, x, 1, false));
        Assert.Throws<ArgumentNullException>(() => Gemm.Nt(pool, SimdWidth.Scalar, null!, 1, 1, 1, x, 1, x, 1, x, 1, false));
        Assert.Throws<ArgumentOutOfRangeException>("m", () => Gemm.Nt(pool, SimdWidth.Scalar, workspace, -1, 1, 1, x, 1, x, 1, x, 1, false));
        Assert.Throws<ArgumentOutOfRangeException>("lda", () => Gemm.Nt(pool, SimdWidth.Scalar, workspace, 1, 1, 2, x, 1, x, 2, x, 1, false));
        Assert.Throws<ArgumentOutOfRangeException>("ldb", () => Gemm.Nn(pool, SimdWidth.Scalar, workspace, 1, 2, 1, x, 1, x, 1, x, 2, false));
        Assert.Throws<ArgumentOutOfRangeException>("ldc", () => Gemm.Tn(pool, SimdWidth.Scalar, workspace, 1, 2, 1, x, 1, x, 2, x, 1, false));
        Assert.Throws<ArgumentOutOfRangeException>("workspace", () => Gemm.Nt(pool, SimdWidth.Scalar, small, 1, 1, 1, x, 1, x, 1, x, 1, false));
        Assert.Throws<ArgumentOutOfRangeException>("worker", () => Gemm.SingleNt(SimdWidths.Best == SimdWidth.Scalar ? SimdWidth.Avx2 : SimdWidths.Best, small, 1, 1, 1, 1, x, 1, x, 1, x, 1, false));
    }

    private static int Draw(uint trial, uint what, int from, int to) => from + (int)(GemmMatrices.Mix((trial * 3) + what + 1000) % (uint)(to - from + 1));
}
