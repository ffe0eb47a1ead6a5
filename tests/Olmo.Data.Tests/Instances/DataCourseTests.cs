using Olmo.Data.Instances;

namespace Olmo.Data.Tests.Instances;

public sealed class DataCourseTests
{
    [Fact]
    public void BatchOf_WithDiscards_SkipsThemAndNothingElse()
    {
        DataCourse course = DataCourse.Whole.Discard(new BatchRange(51, 100)).Discard(new BatchRange(121, 130));
        Assert.Equal([50, 101, 120, 131], ((long[])[50, 51, 70, 71]).Select(course.BatchOf));
        HashSet<long> taken = [.. Enumerable.Range(1, 200).Select(s => course.BatchOf(s))];
        Assert.Equal(200, taken.Count);
        Assert.DoesNotContain(taken, b => b is >= 51 and <= 100 or >= 121 and <= 130);
        Assert.Equal(260, taken.Max());
    }

    [Fact]
    public void Discard_RangesThatTouchOrOverlap_AreOne()
    {
        DataCourse course = DataCourse.Whole.Discard(new BatchRange(101, 130)).Discard(new BatchRange(51, 100)).Discard(new BatchRange(90, 110));
        Assert.Equal(new BatchRange(51, 130), Assert.Single(course.Discarded));
        Assert.Equal(131, course.BatchOf(51));
    }

    [Fact]
    public void Quarantine_IsKeptOnceAndFound()
    {
        DataCourse course = DataCourse.Whole.Quarantine(new QuarantinedGroup(7, 3)).Quarantine(new QuarantinedGroup(2, 9, IsUnreadable: true)).Quarantine(new QuarantinedGroup(7, 3));
        Assert.Equal("discarded none; quarantined 2/9,7/3", course.ToString());
        Assert.True(course.IsQuarantined(7, 3));
        Assert.False(course.IsQuarantined(7, 2));
    }

    [Fact]
    public void SampleHash_OfSequences_DependsOnEveryIdLabelPlaceAndInstance()
    {
        int[] ids = [5, 6, 7, 8];
        int[] labels = [6, 7, 8, InstanceLabels.Ignored];
        ulong hash = SampleHash.OfSequence(11, ids, labels);
        HashSet<ulong> others = [hash, SampleHash.OfSequence(12, ids, labels), SampleHash.OfSequence(11, [5, 6, 8, 7], labels), SampleHash.OfSequence(11, ids, [6, 7, 9, InstanceLabels.Ignored])];
        Assert.Equal(4, others.Count);
        Assert.Equal(hash, SampleHash.OfSequence(11, ids, labels));
    }
}
