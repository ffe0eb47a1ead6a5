using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class StorageTests(TinyRuns runs)
{
    [SmallDeviceFact]
    public async Task Run_DeviceOfTheCheckpointsFull_StopsTypedKeepsTheOlderOnesAndGoesOnWhenThereIsRoom()
    {
        string folder = runs.New();
        string checkpoints = Path.Combine(folder, "checkpoints");
        Directory.CreateDirectory(checkpoints);
        SmallDeviceFactAttribute.Mount(checkpoints, "1200k");
        try
        {
            (int code, string full) = await OlmoProcess.Run(runs.Command(folder, "--set", "checkpoint.max-lag=0")); // each attempt has ended before the next begins
            Assert.True(code == 3, full);
            Assert.Contains($"StorageFull at step {TinyRuns.Steps}", full, StringComparison.Ordinal);
            Assert.Contains("No room to write", full, StringComparison.Ordinal);
            Assert.True(Regex.IsMatch(full, "checkpoint of step [0-9]+ committed", RegexOptions.None, TimeSpan.FromSeconds(1)), full);
            Assert.Contains($"step {TinyRuns.Steps}/", full, StringComparison.Ordinal);
            (_, string status) = await OlmoProcess.Run(["status", folder]);
            Assert.True(Regex.IsMatch(status, "kept +[1-9]", RegexOptions.None, TimeSpan.FromSeconds(1)), status); // which of them fit is a matter of the device and of time

            SmallDeviceFactAttribute.Mount(checkpoints, "256m", isMounted: true);
            (code, string output) = await OlmoProcess.Run(runs.Command(folder));

            Assert.True(code == 0, output);
            Assert.InRange(TinyRuns.ResumedFrom(output), 10, TinyRuns.Steps - 1);
            Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
        }
        finally
        {
            SmallDeviceFactAttribute.Unmount(checkpoints);
        }
    }
}

/// <summary>A fact that needs a small device of its own: a tmpfs. Skipped, with the reason, where this user may not mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDeviceFactAttribute : FactAttribute
{
    public SmallDeviceFactAttribute()
    {
        string folder = Directory.CreateTempSubdirectory("olmo-mount-").FullName;
        try
        {
            Mount(folder, "64k");
            Unmount(folder);
        }
        catch (InvalidOperationException e)
        {
            Skip = $"No small device can be made here: {e.Message}";
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    /// <summary>Mounts a tmpfs of a size, or gives a mounted one another size.</summary>
    public static void Mount(string folder, string size, bool isMounted = false) =>
        Execute("mount", "-t", "tmpfs", "-o", $"{(isMounted ? "remount," : "")}size={size}", "tmpfs", folder);

    /// <summary>Unmounts it; its content is gone.</summary>
    public static void Unmount(string folder) => Execute("umount", folder);

    private static void Execute(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{command}: {error.Trim()}");
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{command}: {e.Message}", e);
        }
    }
}
