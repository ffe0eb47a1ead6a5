using System.Runtime.InteropServices;
using Olmo.Model.Compute;

namespace Olmo.Model.Tests.Compute;

public sealed partial class FloatingPointEnvironmentTests
{
    private const int RoundUpwards = 0x800; // FE_UPWARD of glibc's x64 fenv.h
    private const int RoundToNearest = 0;

    [Fact]
    public void VerifyCurrentThread_DefaultModes_Passes() => FloatingPointEnvironment.VerifyCurrentThread();

    [Fact]
    public void VerifyCurrentThread_OtherRounding_Throws()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return;
        }

        Exception? failure = null;
        var thread = new Thread(() =>
        {
            _ = SetRounding(RoundUpwards);
            failure = Record.Exception(FloatingPointEnvironment.VerifyCurrentThread);
            _ = SetRounding(RoundToNearest);
        });
        thread.Start();
        thread.Join();
        var e = Assert.IsType<FloatingPointEnvironmentException>(failure);
        Assert.Contains("round to nearest", e.Message, StringComparison.Ordinal);
    }

    [LibraryImport("libm.so.6", EntryPoint = "fesetround")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetRounding(int mode);
}
