using System.Globalization;
using Xunit;

namespace Olmo.Runtime.TestKit.Xunit2;

/// <summary>xUnit's way of failing.</summary>
internal sealed class XunitAssertions : ITestKitAssertions
{
    public static readonly XunitAssertions Instance = new();

    public void Fail(string format = "", params object?[] args) => Assert.Fail(Text(format, args));

    public void AssertTrue(bool condition, string format = "", params object?[] args) => Assert.True(condition, Text(format, args));

    public void AssertFalse(bool condition, string format = "", params object?[] args) => Assert.False(condition, Text(format, args));

    public void AssertEqual<T>(T expected, T actual, string format = "", params object?[] args) =>
        Assert.True(EqualityComparer<T>.Default.Equals(expected, actual), Text(format, args));

    public void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object?[] args)
    {
        ArgumentNullException.ThrowIfNull(comparer);
        Assert.True(comparer(expected, actual), Text(format, args));
    }

    private static string Text(string format, object?[] args) => string.Format(CultureInfo.InvariantCulture, format, args);
}
