namespace Olmo.Runtime.TestKit;

/// <summary>How a test framework says that something is wrong.</summary>
public interface ITestKitAssertions
{
    void Fail(string format = "", params object?[] args);

    void AssertTrue(bool condition, string format = "", params object?[] args);

    void AssertFalse(bool condition, string format = "", params object?[] args);

    void AssertEqual<T>(T expected, T actual, string format = "", params object?[] args);

    void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object?[] args);
}

/// <summary>Keeps a test kit from being the sender of what the test sends.</summary>
public interface INoImplicitSender;
