using Olmo.Gpu;
using Olmo.Gpu.Bits;
using Olmo.Gpu.Check;
using Olmo.Gpu.Kernels;
using Olmo.Gpu.Training;
using Olmo.Model.Cuda;

// Training on a CUDA device: right, the same bits, and how fast. Each command prints a table and, last, its figure; bench/gpu.sh runs them all.
// Exit codes: 0; 1 a bar was missed; 2 bad usage; 3 there is no such device.
// With --device cpu the commands run on the processor, which tells nothing of a GPU but that they run.
ReadOnlySpan<string> options = args.AsSpan(Math.Min(1, args.Length));
try
{
    return args.FirstOrDefault() switch
    {
        "check" => CheckCommand.Run(options, Console.Out),
        "bits" => BitsCommand.Run(options, Console.Out),
        "interrupted" => InterruptedRun.Run(options, Console.Out),
        "measure" => MeasureCommand.Run(options, TimeProvider.System, Console.Out),
        "kernels" => KernelsCommand.Run(options, TimeProvider.System, Console.Out),
        _ => throw new FormatException("usage: Olmo.Gpu check|bits|measure|kernels [--device cuda|cpu] [OPTIONS]"),
    };
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (CudaNotAvailableException e)
{
    Console.Error.WriteLine($"no CUDA device: {e.Message}");
    return 3;
}
catch (Exception e) when (e is CudaException or OutOfMemoryException)
{
    Console.Error.WriteLine(e);
    return 1;
}
