using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

public sealed unsafe class GemmStripeCutsTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 1, 2)]
    [InlineData(7, 2, 2)]
    [InlineData(64, 6, 2)]
    [InlineData(171, 16, 2)]
    [InlineData(171, 16, 3)]
    [InlineData(4267, 388, 8)]
    [InlineData(171, 171, 8)]
    [InlineData(4267, 388, 64)]
    [InlineData(1366, 125, 1)]
    public void Of_AllStripes_DealsEachPanelOnceAndNoneThickerThanAsked(int panels, int stripes, int threads)
    {
        nint* ends = stackalloc nint[GemmStripeCuts.MostEnds];
        var cuts = new GemmStripeCuts(panels, stripes, threads, ends);
        nint at = 0;
        for (nint i = 0; i < cuts.Count; i++)
        {
            (nint first, nint last) = cuts.Of(i);
            Assert.Equal(at, first);
            Assert.InRange(last - first, 1, (panels + stripes - 1) / stripes);
            at = last;
        }

        Assert.Equal(panels, at);
    }

    [Fact]
    public void Of_TwoWorkers_LastStripesAreThin()
    {
        nint* ends = stackalloc nint[GemmStripeCuts.MostEnds];
        var cuts = new GemmStripeCuts(171, 16, 2, ends);
        (nint first, nint last) = cuts.Of(0);
        Assert.Equal(11, last - first);
        (first, last) = cuts.Of(cuts.Count - 2);
        Assert.Equal(2, last - first);
    }
}
