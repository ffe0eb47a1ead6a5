using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Model.Steps;

namespace Olmo.Gpu.Training;

/// <summary>Runs steps and keeps the time of each part. The device is waited for after each part; the groups and the announcement end with reading anyway.</summary>
internal sealed class StepTimes(TrainedModel model, ComputeDevice device, TimeProvider time, TextWriter output)
{
    private readonly List<double[]> _parts = [];

    /// <summary>Seconds of the median step.</summary>
    public double Seconds => Median(s => s[0] + s[1] + s[2]);

    /// <summary>True if every step was applied with a finite loss.</summary>
    public bool AreSound { get; private set; } = true;

    /// <summary>Runs steps, and prints a line for each.</summary>
    public void Run(int warmUp, int counted)
    {
        for (int s = 0; s < warmUp + counted; s++)
        {
            double[] parts = new double[3];
            long started = time.GetTimestamp();
            StepReport report = model.Step(part =>
            {
                device.Wait();
                parts[(int)part] = time.GetElapsedTime(started).TotalSeconds;
                started = time.GetTimestamp();
            });
            if (s >= warmUp)
            {
                _parts.Add(parts);
            }

            AreSound &= report.Outcome == StepOutcome.Apply && double.IsFinite(report.CrossEntropy);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"step {report.Step}{(s < warmUp ? ", warm-up" : "")}: {(parts[0] + parts[1] + parts[2]) * 1e3:0.0} ms, loss {report.CrossEntropy:0.0000}, norm {report.GradientNorm:0.000}, {report.Outcome}, {device.UsedText}"));
            output.Flush();
        }
    }

    /// <summary>Prints the medians of the parts.</summary>
    public void PrintParts()
    {
        Table table = new(output, 44, 12, 9);
        table.Row("part of a step", "ms", "share");
        foreach ((string name, StepPart part) in ((string, StepPart)[])
            [("groups: forward, backward, sums", StepPart.Groups), ("announcement: digests and norm", StepPart.Announcement), ("update: AdamW and digests", StepPart.Update)])
        {
            double seconds = Median(s => s[(int)part]);
            table.Row(name, (seconds * 1e3).ToString("0.0", CultureInfo.InvariantCulture), (seconds / Seconds).ToString("0.000", CultureInfo.InvariantCulture));
        }
    }

    private double Median(Func<double[], double> of)
    {
        double[] values = [.. _parts.Select(of)];
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
