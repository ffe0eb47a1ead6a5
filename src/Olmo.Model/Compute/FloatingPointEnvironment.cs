using Olmo.Model.Numerics;

namespace Olmo.Model.Compute;

/// <summary>The check of <see cref="FloatingPointMode"/> that every compute thread makes when it starts.</summary>
public static class FloatingPointEnvironment
{
    /// <summary>Returns if the calling thread rounds to nearest even and keeps denormals.</summary>
    /// <exception cref="FloatingPointEnvironmentException">The calling thread is in another mode.</exception>
    public static void VerifyCurrentThread()
    {
        if (!FloatingPointMode.IsStandard())
        {
            throw new FloatingPointEnvironmentException(
                $"Thread {Environment.CurrentManagedThreadId} ({Thread.CurrentThread.Name ?? "unnamed"}) does not round to nearest or flushes denormals to zero, so its results would differ " +
                "from other machines: a native library has changed the thread's floating-point control register.");
        }
    }
}
