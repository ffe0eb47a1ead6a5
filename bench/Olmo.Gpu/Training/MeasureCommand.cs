using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Gpu.Kernels;
using Olmo.Model.Steps;

namespace Olmo.Gpu.Training;

/// <summary>
/// Training steps of a published size by the rank's own step: tokens per second, model FLOP/s (as OLMo-core counts them) over the device's peak and over its best product of the same run, memory, and
/// where the time goes.
/// </summary>
internal static class MeasureCommand
{
    // Dense bf16 of an H100 SXM or H200, FLOP/s.
    private const string Peak = "989.4e12";

    /// <summary>Runs the command.</summary>
    /// <returns>0; 1 where a step was not applied, its loss is not finite, or the use of the peak is below --bar.</returns>
    public static int Run(ReadOnlySpan<string> arguments, TimeProvider time, TextWriter output)
    {
        CommandLine options = new(arguments, [.. SizeOptions.All, ("steps", "4"), ("warm-up", "1"), ("peak", Peak), ("bar", "0"), ("parts", "no")]);
        PublishedSize size = SizeOptions.SizeOf(options);
        using ComputeDevice device = ComputeDevice.Open(options);
        output.WriteLine($"{device.Text}, {device.UsedText}");
        Ceilings ceilings = Ceilings.Of(device, options, time);
        output.WriteLine(ceilings.Text);
        ObservedProvider observed = new(device.Provider);
        long started = time.GetTimestamp();
        using TrainedModel model = new(observed, size.Config, TrainedModel.SettingsOf(options, size.SequenceLength));
        device.Wait();
        output.WriteLine(SizeOptions.Text(options, model.Parameters, size.SequenceLength));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.PlannedText}; filled in {time.GetElapsedTime(started).TotalSeconds:0.0} s"));

        StepTimes times = new(model, device, time, output);
        times.Run(options.Number("warm-up", 0), options.Number("steps"));
        double peak = options.Real("peak");
        double tokens = model.Settings.TokensPerBatch / times.Seconds;
        double flops = tokens * model.Parameters.FlopsPerToken(size.SequenceLength);
        times.PrintParts();
        if (options.IsOn("parts"))
        {
            PrintOperations(model, observed, device, time, times.Seconds, output);
        }

        bool passed = times.AreSound && flops / peak >= options.Real("bar");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"measure: {tokens:0} tokens/s, step {times.Seconds * 1e3:0.0} ms, {model.Parameters.FlopsPerToken(size.SequenceLength) / 1e9:0.000} GFLOP a token, {flops / 1e12:0.0} TFLOP/s, MFU {flops / peak:0.000} of {peak / 1e12:0.0}, {flops / ceilings.ProductFlops:0.000} of the product measured, {device.UsedText}{(passed ? "" : ": FAILED")}"));
        return passed ? 0 : 1;
    }

    // One more step, in which each operation is waited for.
    private static void PrintOperations(TrainedModel model, ObservedProvider observed, ComputeDevice device, TimeProvider time, double step, TextWriter output)
    {
        OperationTimes operations = new(device, time);
        observed.Observer = operations;
        model.Step(_ => { });
        observed.Observer = null;
        double all = 0.0;
        foreach ((_, _, double seconds) in operations.Longest)
        {
            all += seconds;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one more step, each operation waited for: {all * 1e3:0.0} ms in operations; without waiting a step takes {step * 1e3:0.0} ms"));
        Table table = new(output, 30, 8, 12, 9);
        table.Row("operation", "calls", "ms", "share");
        foreach ((string name, int calls, double seconds) in operations.Longest)
        {
            table.Row(name, calls.ToString(CultureInfo.InvariantCulture), (seconds * 1e3).ToString("0.00", CultureInfo.InvariantCulture), (seconds / all).ToString("0.000", CultureInfo.InvariantCulture));
        }
    }
}
