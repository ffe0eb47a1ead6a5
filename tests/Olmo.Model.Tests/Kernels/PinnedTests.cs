namespace Olmo.Model.Tests.Kernels;

/// <summary>Kernels are given pointers, which keep nothing alive: while one runs, no variable may hold its operand any more.</summary>
public sealed unsafe class PinnedTests
{
    [Fact]
    public void Pointer_OfWhatNoVariableHolds_KeepsItsValues()
    {
        const int Length = 64;
        List<nint> pointers = [];
        for (int i = 0; i < 1000; i++)
        {
            pointers.Add((nint)(float*)new Pinned<float>(Length));
        }

        GC.Collect();
        for (int i = 0; i < 1000; i++)
        {
            new Pinned<float>(Length).Span.Fill(1f);
        }

        Assert.All(pointers, p => Assert.Equal(-1, new ReadOnlySpan<float>((float*)p, Length).IndexOfAnyExcept(0f)));
    }
}
