using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Tests.Actor;

public sealed class ActorSystemTests
{
    [Fact]
    public async Task Ask_EchoingActor_ReturnsItsAnswer()
    {
        ActorSystem system = ActorSystem.Create("echo");
        IActorRef echo = system.ActorOf(Props.Create(() => new Echo("re: ")), "echo");

        string answer = await echo.Ask<string>("hello", TimeSpan.FromSeconds(10));

        Assert.Equal("re: hello", answer);
        Assert.Equal("akka://echo/user/echo", echo.Path.ToString());
        await system.Terminate();
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Terminate_CallbackRegistered_RunsAfterTheActors()
    {
        List<string> calls = [];
        ActorSystem system = ActorSystem.Create("end");
        system.ActorOf(Props.Create(() => new Recorder(calls)), "recorder");
        system.RegisterOnTermination(() => calls.Add("callback"));

        await system.Terminate();

        Assert.Equal(["PostStop", "callback"], calls);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo(string prefix) => ReceiveAsync<string>(async text =>
        {
            await Task.Yield();
            Sender.Tell(prefix + text);
        });
    }

    private sealed class Recorder(List<string> calls) : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);

        protected override void PostStop() => calls.Add("PostStop");
    }
}
