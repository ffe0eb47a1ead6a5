using System.Diagnostics;
using System.Globalization;

namespace Olmo.Gpu.Bits;

/// <summary>A training in processes of their own: unbroken, and killed in the middle of a step by SIGKILL and gone on with from its last shard files.</summary>
/// <param name="Unbroken">Hash of the final weights of the unbroken run.</param>
/// <param name="Resumed">Hash of those of the other.</param>
/// <param name="What">What was done to it.</param>
internal sealed record KilledRun(string Unbroken, string Resumed, string What)
{
    private const int Steps = 9;
    private const int SavedEach = 2;
    private const int KilledIn = 6;
    private const int KilledCode = 128 + 9;

    /// <summary>True if the hashes are equal.</summary>
    public bool IsEqual => Unbroken == Resumed && Unbroken.Length > 0;

    /// <summary>Runs the processes.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="options">With the device and the folder to work in.</param>
    public static KilledRun Of(string model, CommandLine options)
    {
        string work = Path.Combine(options.Text("work"), string.Create(CultureInfo.InvariantCulture, $"olmo-gpu-bits-{Environment.ProcessId}"));
        try
        {
            (_, string unbroken) = Start(model, options, Path.Combine(work, model + ".unbroken"), killedIn: 0);
            string folder = Path.Combine(work, model);
            (int code, string said) = Start(model, options, folder, KilledIn);
            if (code != KilledCode)
            {
                return new KilledRun(unbroken, "", $"exit code {code}, not killed: {said}");
            }

            (_, string resumed) = Start(model, options, folder, killedIn: 0);
            return new KilledRun(unbroken, resumed, string.Create(CultureInfo.InvariantCulture, $"killed in step {KilledIn} of {Steps}"));
        }
        finally
        {
            if (Directory.Exists(work))
            {
                Directory.Delete(work, recursive: true);
            }
        }
    }

    private static (int Code, string LastLine) Start(string model, CommandLine options, string folder, int killedIn)
    {
        // dotnet Olmo.Gpu.dll, or the program by itself.
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(KilledRun).Assembly.Location);
        }

        foreach (string argument in (string[])
            [
                "interrupted", "--device", options.Text("device"), "--kernel-cache", options.Text("kernel-cache"), "--model", model, "--folder", folder, "--steps", Number(Steps), "--save-each",
                Number(SavedEach), "--kill-in", Number(killedIn),
            ])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return (process.ExitCode, lines.Length == 0 ? "" : lines[^1]);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
