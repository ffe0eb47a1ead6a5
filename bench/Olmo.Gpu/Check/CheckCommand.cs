using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>
/// Whole models on the device against the processor: logits, losses and every gradient of small random models, in fp32 and bf16; and, with --golden FOLDER, the reference implementation's numbers.
/// bf16 costs some gradients of such models more than the bar: twice what it costs the processor is allowed, as a device that works in bf16 rounds in more places.
/// </summary>
internal static class CheckCommand
{
    private const double SingleBar = 1e-4;
    private const double BFloat16Bar = 2e-2;
    private const double AllowedOverProcessor = 2.0;

    /// <summary>Runs the command.</summary>
    /// <returns>0, or 1 where an error is above its bar.</returns>
    public static int Run(ReadOnlySpan<string> arguments, TextWriter output)
    {
        CommandLine options = new(arguments, ("device", "cuda"), ("kernel-cache", ""), ("golden", ""), ("only", ""));
        using ComputeDevice device = ComputeDevice.Open(options);
        using ComputeDevice processor = ComputeDevice.OfProcessor();
        output.WriteLine($"{device.Text} against {processor.Provider.Device}");
        Table table = new(output, 26, 27, 10, 10, 10, 9, 44);
        table.Row("model", "compared", "logits", "loss", "gradient", "bar", "worst gradient");
        (int within, int total) = (0, 0);
        foreach (CheckModel model in CheckModel.All.Where(m => m.Name.Contains(options.Text("only"), StringComparison.Ordinal)))
        {
            foreach (CheckRow row in Rows(model, device.Provider, processor.Provider))
            {
                table.Row([model.Name, .. row.Cells]);
                total += row.Bar is null ? 0 : 1;
                within += row.Bar is not null && row.IsWithin ? 1 : 0;
            }
        }

        string folder = options.Text("golden");
        (int goldenWithin, int goldenTotal) = folder.Length == 0 ? (0, 0) : new GoldenCheck(folder, device.Provider, output).Run();
        bool passed = within == total && total > 0 && goldenWithin == goldenTotal && (folder.Length == 0 || goldenTotal > 0);
        string golden = folder.Length == 0 ? "no golden models" : $"{goldenWithin} of {goldenTotal} golden values within bounds";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"check: {within} of {total} comparisons within their bars, {golden}: {(passed ? "passed" : "FAILED")}"));
        return passed ? 0 : 1;
    }

    private static IEnumerable<CheckRow> Rows(CheckModel model, ITensorProvider device, ITensorProvider processor)
    {
        ModelPass single = ModelPass.Of(model, processor, Precision.Single);
        ModelPass half = ModelPass.Of(model, processor, Precision.BFloat16);
        PassError rounding = PassError.Between(half, single);
        double bar = Math.Max(BFloat16Bar, AllowedOverProcessor * rounding.Worst);
        (ModelPass? pass, string? failure) = Try(model, device, Precision.Single);
        yield return new CheckRow("fp32 with fp32", Between(pass, single), SingleBar, failure);
        (pass, failure) = Try(model, device, Precision.BFloat16);
        yield return new CheckRow("bf16 with bf16", Between(pass, half), bar, failure);
        yield return new CheckRow("bf16 with fp32", Between(pass, single), bar, failure);
        yield return new CheckRow("(processor's bf16, fp32)", rounding, null);
    }

    private static PassError? Between(ModelPass? pass, ModelPass reference) => pass is null ? null : PassError.Between(pass, reference);

    // A model that the device refuses is a row of the table, so that one sees the others.
    private static (ModelPass? Pass, string? Failure) Try(CheckModel model, ITensorProvider device, Precision precision)
    {
        try
        {
            return (ModelPass.Of(model, device, precision), null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or CudaException)
        {
            return (null, e.Message);
        }
    }
}
