using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Cuda;

namespace Olmo.Host.Commands;

/// <summary><c>olmo doctor</c>: what this machine has and lacks.</summary>
internal static class DoctorCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new("doctor", "Shows what this machine has and lacks for training.");
        command.SetAction(result =>
        {
            foreach (Finding finding in Look())
            {
                result.InvocationConfiguration.Output.WriteLine($"{(finding.IsGood ? "ok  " : "--  ")} {finding.What}: {finding.Found}");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Every finding, needed things first.</summary>
    internal static IEnumerable<Finding> Look()
    {
        yield return new("runtime", $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}", true);
        yield return new("cores", $"{Environment.ProcessorCount}", true);
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        yield return new("memory", $"{memory.TotalAvailableMemoryBytes / 1e9:0.0} GB", memory.TotalAvailableMemoryBytes > 2e9);
        bool avx512 = Avx512F.IsSupported && Avx512DQ.IsSupported;
        bool avx2 = Avx2.IsSupported && Fma.IsSupported;
        yield return new("vector width", avx512 ? "AVX-512" : avx2 ? "AVX2 with FMA" : "none: scalar kernels, correct and far slower", avx512 || avx2);
        yield return Documentation();
        yield return Library("libzstd.so.1", "reads and writes .zst files; Debian package libzstd1");
        foreach (CudaFinding finding in CudaInventory.Look())
        {
            yield return new($"CUDA, {finding.Name}", finding.Found, finding.IsGood);
        }

        string free = Path.GetFullPath(".");
        DriveInfo drive = new(free);
        yield return new("disk", $"{drive.AvailableFreeSpace / 1e9:0.0} GB free at {free} ({drive.DriveFormat})", drive.AvailableFreeSpace > 1e9);
    }

    private static Finding Documentation()
    {
        string packs = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "packs"));
        long bytes = 0;
        if (Directory.Exists(packs))
        {
            foreach (string path in Directory.EnumerateFiles(packs, "*.xml", SearchOption.AllDirectories))
            {
                bytes += new FileInfo(path).Length;
            }
        }

        return bytes > 0
            ? new("documentation of the SDK", $"{bytes / 1e6:0} MB below {packs}: the quickstart's text", true)
            : new("documentation of the SDK", $"none below {packs}: give the quickstart a text by --set data.source=text --set data.path=FILE", false);
    }

    private static Finding Library(string name, string purpose)
    {
        bool found = NativeLibrary.TryLoad(name, out nint handle);
        if (found)
        {
            NativeLibrary.Free(handle);
        }

        return new(name, found ? "found" : $"not found ({purpose})", found);
    }

    /// <summary>One line of the report.</summary>
    internal sealed record Finding(string What, string Found, bool IsGood);
}
