using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Model.Tests.Kernels;

/// <summary>The same hashes in processes that run without AVX-512, without AVX2 (and so without FMA), and without any intrinsic.</summary>
public sealed class HardwareModeTests
{
    internal const string ModeVariable = "OLMO_TESTS_PRINT_KERNEL_FINGERPRINTS";

    [Theory]
    [InlineData("default", null)]
    [InlineData("no AVX-512", "DOTNET_EnableAVX512")]
    [InlineData("no AVX2", "DOTNET_EnableAVX2")]
    [InlineData("no intrinsics", "DOTNET_EnableHWIntrinsic")]
    public void Kernels_InAnotherMode_SameBits(string mode, string? switchedOff)
    {
        string[] lines = RunChild(switchedOff);
        Assert.Equal(ExpectedHardware(switchedOff), lines[0]);
        string[] expected = [.. KernelFingerprints.Compute(SimdWidth.Scalar).Select(Line)];
        Assert.True(expected.Length >= 10);
        string[] actual = [.. lines.Skip(1)];
        Assert.True(expected.SequenceEqual(actual), $"{mode}: {string.Join('\n', actual.Except(expected))}\nscalar: {string.Join('\n', expected.Except(actual))}");
    }

    /// <summary>What the child prints: its hardware, then one line per kernel, run with the widest form that it has.</summary>
    internal static IEnumerable<string> Report() =>
        [HardwareLine(Avx512F.IsSupported, Avx2.IsSupported, Fma.IsSupported, Vector128.IsHardwareAccelerated), .. KernelFingerprints.Compute(SimdWidths.Best).Select(Line)];

    private static string Line(KeyValuePair<string, ulong> hash) => $"{hash.Key} {hash.Value.ToString("x16", CultureInfo.InvariantCulture)}";

    private static string HardwareLine(bool avx512, bool avx2, bool fma, bool vector128) => $"avx512 {avx512}, avx2 {avx2}, fma {fma}, vector128 {vector128}";

    /// <summary>From what this process has and what is switched off, so that a switch without effect fails.</summary>
    private static string ExpectedHardware(string? switchedOff) => switchedOff switch
    {
        null => HardwareLine(Avx512F.IsSupported, Avx2.IsSupported, Fma.IsSupported, Vector128.IsHardwareAccelerated),
        "DOTNET_EnableAVX512" => HardwareLine(false, Avx2.IsSupported, Fma.IsSupported, Vector128.IsHardwareAccelerated),
        "DOTNET_EnableAVX2" => HardwareLine(false, false, false, Vector128.IsHardwareAccelerated),
        "DOTNET_EnableHWIntrinsic" => HardwareLine(false, false, false, false),
        _ => throw new ArgumentOutOfRangeException(nameof(switchedOff), switchedOff, "Unknown switch."),
    };

    private static string[] RunChild(string? switchedOff)
    {
        string assembly = typeof(HardwareModeTests).Assembly.Location;
        ProcessStartInfo start = new(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath! : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(assembly);

        // The test assembly's generated Main does nothing; its start-up hook prints.
        start.Environment["DOTNET_STARTUP_HOOKS"] = assembly;
        start.Environment[ModeVariable] = "1";
        start.Environment["DOTNET_TieredPGO"] = "0";
        if (switchedOff is not null)
        {
            start.Environment[switchedOff] = "0";
        }

        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"Exit code {child.ExitCode}: {errors.Result}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
