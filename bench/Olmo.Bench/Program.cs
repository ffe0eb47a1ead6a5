using Olmo.Bench;

string subcommand = args.Length > 0 ? args[0] : "";
switch (subcommand)
{
    case "kernels":
        return new KernelTable(BenchmarkOptions.Parse(args[1..]), TimeProvider.System, Console.Out).Run();
    case "statistics":
        return KernelStatistics.Run(args[1..]);
    case "generate":
        return GenerateBenchmark.Run(args[1..], TimeProvider.System, Console.Out);
    default:
        Console.Error.WriteLine($"unknown benchmark '{subcommand}'; known: kernels, statistics, generate");
        return 2;
}
