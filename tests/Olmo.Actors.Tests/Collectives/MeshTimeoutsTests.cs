using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

public sealed class MeshTimeoutsTests
{
    [Fact]
    public void Default_IsALadder() => MeshTimeouts.Default.Validate();

    [Theory]
    [InlineData("silence", 3, 31, 5, 30, 120, 300, "31", "30")]
    [InlineData("handshake", 3, 10, 30, 30, 120, 300, "30", "30")]
    [InlineData("operation", 3, 10, 5, 120, 100, 300, "120", "100")]
    [InlineData("step", 3, 10, 5, 30, 400, 300, "400", "300")]
    [InlineData("silence", 4, 11, 5, 30, 120, 300, "11", "4")]
    [InlineData("Heartbeat", 0, 3, 5, 30, 120, 300, "0", "0")]
    public void Validate_OneIsNotBelowTheNext_NamesBothValues(
        string named, double heartbeat, double silence, double handshake, double operation, double step, double supervisor, string value, string limit)
    {
        MeshTimeouts timeouts = new(
            TimeSpan.FromSeconds(heartbeat), TimeSpan.FromSeconds(silence), TimeSpan.FromSeconds(handshake), TimeSpan.FromSeconds(operation),
            TimeSpan.FromSeconds(step), TimeSpan.FromSeconds(supervisor));

        ArgumentException thrown = Assert.Throws<ArgumentException>(timeouts.Validate);

        Assert.Contains(named, thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"{value} s", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(limit, thrown.Message, StringComparison.Ordinal);
    }
}
