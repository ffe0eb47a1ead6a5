using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tests.State;

namespace Olmo.Model.Tests.Steps;

/// <summary>The gradient that an owner of sums in two parts keeps from announcement to update.</summary>
public sealed class StepGradientTests : IDisposable
{
    private readonly SumExample _example = new();

    public void Dispose() => _example.Dispose();

    [Fact]
    public void Update_ByTheGradientKept_HasTheBitsOfBothParts()
    {
        using StepGradient kept = new(_example.Provider);
        ulong expected = Update(null, (_, _, _) => { });
        Assert.Equal(expected, Update(kept, (_, _, _) => { }));
        Assert.Equal(StepGradient.SizeOf(ShardPlacement.All(_example.Layout)), kept.SizeBytes);

        // The sums are not read again: what is written over them behind the accumulator's back is not seen.
        Action<ShardOwner, GradientAccumulator, GradientAccumulator> overwrite = (_, own, _) => _example.Provider.Zero(_example.SumTensor(own, 2));
        Assert.Equal(expected, Update(kept, overwrite));
        Assert.NotEqual(expected, Update(null, overwrite));
    }

    [Fact]
    public void Update_SumsChangedSinceTheyWereMeasured_GoesByTheSums()
    {
        using StepGradient kept = new(_example.Provider);
        ulong unchanged = Update(null, (_, _, _) => { });
        foreach (Action<ShardOwner, GradientAccumulator, GradientAccumulator> change in (Action<ShardOwner, GradientAccumulator, GradientAccumulator>[])
        [
            (_, own, _) => own.FlipBit(2, 44),
            (_, _, foreign) => foreign.ResetShard(3),
            (_, _, foreign) => foreign.Reset(),
            (_, own, _) => Replace(own, group => group + 1),
            (_, _, foreign) => Receive(foreign, 3),
        ])
        {
            ulong expected = Update(null, change);
            Assert.NotEqual(unchanged, expected);
            Assert.Equal(expected, Update(kept, change));
        }
    }

    [Fact]
    public void Update_AnotherOwnerMeasuredSince_GoesByItsOwnSums()
    {
        using StepGradient kept = new(_example.Provider);
        ulong expected = Update(null, (_, _, _) => { });
        ulong others = 0;
        Assert.Equal(expected, Update(kept, (_, _, _) => others = Update(kept, (_, _, _) => { }, shift: 1)));
        Assert.NotEqual(expected, others);
    }

    // Digest of the state after one update by groups 0 to 3 of the own replica and the rest of others.
    private ulong Update(StepGradient? kept, Action<ShardOwner, GradientAccumulator, GradientAccumulator> betweenAnnouncementAndUpdate, int shift = 0)
    {
        using PackedParameters parameters = new(_example.Provider, _example.Layout);
        using TrainingState state = _example.State(parameters);
        using GradientAccumulator own = _example.Accumulator();
        using GradientAccumulator foreign = _example.Accumulator();
        for (int group = 0; group < SumExample.Groups; group++)
        {
            _example.AddGroup((group + shift) % SumExample.Groups < 4 ? own : foreign, group);
        }

        if (shift > 0)
        {
            own.FlipBit(1, 45);
        }

        using ShardOwner owner = new(state, own, foreign, _example.ParameterGroups, kept);
        Announcement[] said = new Announcement[owner.Count];
        owner.Announce(SumExample.Id with { Step = 1 }, 0, said);
        betweenAnnouncementAndUpdate(owner, own, foreign);
        StepSettings settings = new()
        {
            Groups = SumExample.Groups,
            SequencesPerGroup = 1,
            SequenceLength = 8,
            MicroBatchSequences = 1,
            Replicas = 2,
            Shards = SumExample.Shards,
            Optimizer = new AdamWSettings(1e-2),
            Schedule = new ConstantSchedule(),
        };
        owner.CarryOut(new StepDecision(StepOutcome.Apply, 1.0, 0.5, SumExample.Loss(1), -1), settings, 1, 1, SumExample.Groups, default);
        state.RefreshDigests();
        ulong digest = 0;
        for (int shard = 0; shard < SumExample.Shards; shard++)
        {
            digest += state.DigestOf(shard);
        }

        return digest;
    }

    private void Replace(GradientAccumulator sums, Func<int, int> group)
    {
        sums.Reset();
        for (int g = 0; g < 4; g++)
        {
            _example.AddGroup(sums, group(g));
        }
    }

    private void Receive(GradientAccumulator sums, int group)
    {
        using GradientAccumulator other = _example.Accumulator();
        _example.AddGroup(other, group);
        foreach (int shard in sums.Placement.Shards)
        {
            SumExample.Receive(sums, SumExample.Frame(other, 0, shard));
        }
    }
}
