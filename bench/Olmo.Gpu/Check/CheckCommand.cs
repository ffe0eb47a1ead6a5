using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>
/// Whole models on the device against the processor: logits, losses and gradients of small random models, in fp32 and bf16; and, with --golden FOLDER, the reference implementation's numbers.
/// bf16 costs gradients of some of these models more than its bar, on any device (bench/peer_gpu_gradients.py): beside fp32, and for one parameter's gradient alone, twice what it costs the processor
/// is allowed. Beside the processor's bf16 the bar is the bar. How many are within it is printed.
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
        Table table = new(output, 26, 27, 10, 10, 11, 9, 14, 9, 44);
        table.Row("model", "compared", "logits", "loss", "gradients", "bar", "worst tensor", "bar", "which");
        List<CheckRow> rows = [];
        foreach (CheckModel model in CheckModel.All.Where(m => m.Name.Contains(options.Text("only"), StringComparison.Ordinal)))
        {
            Print(model.Name, Rows(model, device.Provider, processor.Provider));
        }

        string folder = options.Text("golden");
        foreach (string path in folder.Length == 0 ? [] : GoldenCheck.ModelsOf(folder))
        {
            Print(Path.GetFileName(path), GoldenRows(new GoldenPass(path), device.Provider, processor.Provider));
        }

        CheckRow[] half = [.. rows.Where(r => r.Compared.StartsWith("bf16", StringComparison.Ordinal))];
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"bf16 within {BFloat16Bar}: logits and losses {half.Count(r => Math.Max(r.Error?.Logits ?? double.NaN, r.Error?.Losses ?? double.NaN) <= BFloat16Bar)} of {half.Length}, gradients as a whole {half.Count(r => r.Error?.Gradients <= BFloat16Bar)}, every tensor's {half.Count(r => r.Error?.Gradient <= BFloat16Bar)}"));
        int total = rows.Count(r => r.Bar is not null);
        int within = rows.Count(r => r.Bar is not null && r.IsWithin);
        (int goldenWithin, int goldenTotal) = folder.Length == 0 ? (0, 0) : new GoldenCheck(folder, device.Provider, output).Run();
        bool passed = within == total && total > 0 && goldenWithin == goldenTotal && (folder.Length == 0 || goldenTotal > 0);
        string golden = folder.Length == 0 ? "no golden models" : $"{goldenWithin} of {goldenTotal} golden values within bounds";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"check: {within} of {total} comparisons within their bars, {golden}: {(passed ? "passed" : "FAILED")}"));
        return passed ? 0 : 1;

        void Print(string model, IEnumerable<CheckRow> compared)
        {
            foreach (CheckRow row in compared)
            {
                table.Row([model, .. row.Cells]);
                rows.Add(row);
            }
        }
    }

    private static IEnumerable<CheckRow> Rows(CheckModel model, ITensorProvider device, ITensorProvider processor)
    {
        ModelPass single = ModelPass.Of(model, processor, Precision.Single);
        ModelPass half = ModelPass.Of(model, processor, Precision.BFloat16);
        PassError rounding = PassError.Between(half, single);
        (double bar, double tensorBar) = BarsOf(rounding);
        (ModelPass? pass, string? failure) = Try(() => ModelPass.Of(model, device, Precision.Single));
        yield return new CheckRow("fp32 with fp32", Between(pass, single), SingleBar, SingleBar, failure);
        (pass, failure) = Try(() => ModelPass.Of(model, device, Precision.BFloat16));
        yield return new CheckRow("bf16 with bf16", Between(pass, half), BFloat16Bar, tensorBar, failure);
        yield return new CheckRow("bf16 with fp32", Between(pass, single), bar, tensorBar, failure);
        yield return new CheckRow("(processor's bf16, fp32)", rounding, null);
    }

    // The reference implementation's fp64 in place of the processor's fp32; bench/peer_gpu_gradients.py prints the same of PyTorch.
    private static IEnumerable<CheckRow> GoldenRows(GoldenPass golden, ITensorProvider device, ITensorProvider processor)
    {
        PassError rounding = PassError.Between(golden.InBFloat16(processor), golden.Reference);
        (double bar, double tensorBar) = BarsOf(rounding);
        (ModelPass? pass, string? failure) = Try(() => golden.InBFloat16(device));
        yield return new CheckRow("bf16 with reference", Between(pass, golden.Reference), bar, tensorBar, failure);
        yield return new CheckRow("(processor's bf16, reference)", rounding, null);
    }

    private static (double Bar, double TensorBar) BarsOf(PassError rounding) =>
        (Math.Max(BFloat16Bar, AllowedOverProcessor * rounding.Gradients), Math.Max(BFloat16Bar, AllowedOverProcessor * rounding.Gradient));

    private static PassError? Between(ModelPass? pass, ModelPass reference) => pass is null ? null : PassError.Between(pass, reference);

    // A model that the device refuses is a row of the table, so that one sees the others.
    private static (ModelPass? Pass, string? Failure) Try(Func<ModelPass> run)
    {
        try
        {
            return (run(), null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or CudaException)
        {
            return (null, e.Message);
        }
    }
}
