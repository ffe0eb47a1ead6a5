using Olmo.Bench;

string subcommand = args.Length > 0 ? args[0] : "";
switch (subcommand)
{
    case "gemm":
        return GemmBenchmark.Run(args[1..], TimeProvider.System, Console.Out);
    case "generate":
        return GenerateBenchmark.Run(args[1..], TimeProvider.System, Console.Out);
    default:
        Console.Error.WriteLine($"unknown benchmark '{subcommand}'; known: gemm, generate [--threads N] [--seconds S] [--only TEXT]");
        return 2;
}
