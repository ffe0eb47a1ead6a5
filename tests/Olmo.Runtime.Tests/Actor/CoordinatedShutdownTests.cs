using System.Collections.Concurrent;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Actor;

/// <summary>Guarantee 21: phases of a shutdown.</summary>
public sealed class CoordinatedShutdownTests : VirtualTimeTestKit
{
    private readonly ConcurrentQueue<string> _ran = new();

    public CoordinatedShutdownTests()
        : base(ConfigurationFactory.ParseString("akka.coordinated-shutdown.phases.service-stop.recover = off"))
    {
    }

    private CoordinatedShutdown Shutting => CoordinatedShutdown.Get(Sys);

    [Fact]
    public async Task G21_Phases_RunInOrderThenTheSystemEnds()
    {
        foreach (string phase in new[] { CoordinatedShutdown.PhaseClusterLeave, CoordinatedShutdown.PhaseBeforeServiceUnbind, CoordinatedShutdown.PhaseServiceStop })
        {
            Record(phase, phase);
        }

        await Shutting.Run(CoordinatedShutdown.ClusterLeavingReason.Instance);

        Assert.Equal(["before-service-unbind", "service-stop", "cluster-leave"], _ran);
        Assert.True(Sys.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task G21_TasksOfOnePhase_RunTogether()
    {
        TaskCompletionSource first = new();
        TaskCompletionSource second = new();
        Shutting.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "a", async () =>
        {
            first.SetResult();
            await second.Task;
            return Done.Instance;
        });
        Shutting.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "b", async () =>
        {
            second.SetResult();
            await first.Task;
            return Done.Instance;
        });

        await Shutting.Run(CoordinatedShutdown.UnknownReason.Instance);
    }

    [Fact]
    public async Task G21_Run_IsIdempotentAndTheFirstReasonWins()
    {
        Record(CoordinatedShutdown.PhaseServiceUnbind, "once");

        Task<Done> first = Shutting.Run(CoordinatedShutdown.ClusterDowningReason.Instance);
        Task<Done> second = Shutting.Run(CoordinatedShutdown.UnknownReason.Instance);

        Assert.Same(first, second);
        await first;
        Assert.Same(CoordinatedShutdown.ClusterDowningReason.Instance, Shutting.ShutdownReason);
        Assert.Equal(["once"], _ran);
    }

    [Fact]
    public async Task G21_RecoverOn_FailureAndTimeoutAreLoggedAndThePhasesGoOn()
    {
        Shutting.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", () => throw new IOException("disk"));
        Shutting.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "hangs", async () =>
        {
            TestActor.Tell("hanging", ActorRefs.NoSender);
            await new TaskCompletionSource().Task;
            return Done.Instance;
        });
        Record(CoordinatedShutdown.PhaseClusterLeave, "after");
        Task<Done> run = Shutting.Run(CoordinatedShutdown.UnknownReason.Instance);
        ExpectMsg("hanging");
        Assert.False(run.IsCompleted);

        while (!run.IsCompleted)
        {
            AdvanceAndSettle(TimeSpan.FromSeconds(5));
        }

        await run;
        Assert.Equal(["after"], _ran);
    }

    [Fact]
    public async Task G21_RecoverOff_FailureEndsTheShutdown()
    {
        Shutting.AddTask(CoordinatedShutdown.PhaseServiceStop, "fails", () => throw new IOException("disk"));
        Record(CoordinatedShutdown.PhaseClusterLeave, "after");

        await Assert.ThrowsAsync<IOException>(() => Shutting.Run(CoordinatedShutdown.UnknownReason.Instance));

        Assert.Empty(_ran);
        ((ActorSystemImpl)Sys).StopGuardians();
    }

    [Fact]
    public void G21_UnknownPhase_IsAConfigurationError()
    {
        ConfigurationException failure = Assert.Throws<ConfigurationException>(() => Record("no-such-phase", "x"));

        Assert.Contains("cluster-leave", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(10), Shutting.Timeout(CoordinatedShutdown.PhaseClusterExiting));
        Assert.Equal(TimeSpan.FromSeconds(5), Shutting.Timeout(CoordinatedShutdown.PhaseClusterLeave));
        Assert.Equal(TimeSpan.FromSeconds((9 * 5) + (3 * 10)), Shutting.TotalTimeout);
    }

    private void Record(string phase, string text) => Shutting.AddTask(phase, text, () =>
    {
        _ran.Enqueue(text);
        return Task.FromResult(Done.Instance);
    });
}
