using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Olmo.Bench;

/// <summary>The same kernels by BenchmarkDotNet, inside this process: spread of the times of each by itself, and what it allocates. Arguments are BenchmarkDotNet's, such as --filter.</summary>
internal static class KernelStatistics
{
    public static int Run(string[] arguments)
    {
        IConfig config = DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "statistics"));
        return BenchmarkSwitcher.FromTypes([typeof(KernelBenchmarks)]).Run(arguments, config).Any(s => s.HasCriticalValidationErrors) ? 1 : 0;
    }
}
