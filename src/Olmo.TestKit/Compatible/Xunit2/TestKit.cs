using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;
using Xunit.Abstractions;

namespace Olmo.Runtime.TestKit.Xunit2;

/// <summary>The test kit for xUnit: derive a test class from it; the system is shut down after each test.</summary>
public class TestKit : TestKitBase, IDisposable
{
    protected readonly ITestOutputHelper? Output;
    private bool _disposed;

    public TestKit(ActorSystem? system = null, ITestOutputHelper? output = null)
        : base(XunitAssertions.Instance, system) => Output = output;

    public TestKit(Config config, string? actorSystemName = null, ITestOutputHelper? output = null)
        : base(XunitAssertions.Instance, config, actorSystemName) => Output = output;

    public TestKit(string config, ITestOutputHelper? output = null)
        : base(XunitAssertions.Instance, ConfigurationFactory.ParseString(config)) => Output = output;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs after each test, before the shutdown.</summary>
    protected virtual void AfterAll()
    {
    }

    protected virtual void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            AfterAll();
        }
        finally
        {
            Shutdown();
        }
    }
}
