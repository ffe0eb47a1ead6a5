using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Gpu.Training;

namespace Olmo.Gpu.Kernels;

/// <summary>
/// Every operation that a training step asks of its device, by the types and shapes that it asks for: a call of each kind is kept from one step of the rank and made again and again. Time, rate, and the
/// part of what bounds it: the square product for operations of products, copying for bytes, whichever takes longer.
/// </summary>
internal static class KernelsCommand
{
    /// <summary>Runs the command.</summary>
    /// <returns>0; 1 where nothing was measured.</returns>
    public static int Run(ReadOnlySpan<string> arguments, TimeProvider time, TextWriter output)
    {
        CommandLine options = new(arguments, SizeOptions.All);
        PublishedSize size = SizeOptions.SizeOf(options);
        using ComputeDevice device = ComputeDevice.Open(options);
        output.WriteLine(device.Text);
        Ceilings ceilings = Ceilings.Of(device, options, time);
        output.WriteLine(ceilings.Text);
        ObservedProvider observed = new(device.Provider);
        using TrainedModel model = new(observed, size.Config, TrainedModel.SettingsOf(options, size.SequenceLength));
        output.WriteLine(SizeOptions.Text(options, model.Parameters, size.SequenceLength));
        model.Step(_ => { });
        OperationSamples samples = new();
        observed.Observer = samples;
        model.Step(_ => { });
        observed.Observer = null;
        (string worst, double share, double total, double floor) = Tabulate(samples, ceilings, device, time, output);
        foreach (string algorithm in device.ProductAlgorithms)
        {
            output.WriteLine(algorithm);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kernels: {samples.All.Count} kinds, {total * 1e3:0.0} ms a step, {floor / total:0.00} of what bounds them; the most is lost by {worst}, which is at {share:0.00}"));
        return samples.All.Count > 0 ? 0 : 1;
    }

    private static (string Worst, double Share, double Total, double Floor) Tabulate(
        OperationSamples samples, Ceilings ceilings, ComputeDevice device, TimeProvider time, TextWriter output)
    {
        Table table = new(output, 28, 8, 10, 10, 9, 9, 9, 70);
        table.Row("operation", "calls", "ms", "TFLOP/s", "GB/s", "of bound", "ms a step", "operands");
        (string worst, double share, double lost, double total, double floor) = ("", 0.0, -1.0, 0.0, 0.0);
        foreach ((Operation operation, Action call, int calls) in samples.All)
        {
            double seconds = Ceilings.SecondsOf(device, time, call);
            double bound = operation.Floor(ceilings.ProductFlops, ceilings.CopyBytes);
            total += seconds * calls;
            floor += bound * calls;
            if ((seconds - bound) * calls > lost)
            {
                (worst, share, lost) = (operation.Name, bound / seconds, (seconds - bound) * calls);
            }

            table.Row(
                operation.Name, Number(calls, "0"), Number(seconds * 1e3, "0.000"), operation.Flops == 0.0 ? "-" : Number(operation.Flops / seconds / 1e12, "0.0"),
                Number(operation.Bytes / seconds / 1e9, "0"), Number(bound / seconds, "0.00"), Number(seconds * calls * 1e3, "0.0"), operation.Operands);
        }

        return (worst, share, total, floor);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
