using Olmo.Recovery;

// Olmo.Recovery recovery|storm|cost [--option VALUE]...: see bench/recovery.sh, bench/storm.sh and bench/protection-cost.sh. Run from the root of the repository.
string verb = args.Length > 0 ? args[0] : "";
using Bench bench = new(args);
try
{
    switch (verb)
    {
        case "recovery":
            return Kills.Run(bench);
        case "storm":
            return Storm.Run(bench);
        case "cost":
            return ProtectionCost.Run(bench);
        default:
            Console.Error.WriteLine("recovery, storm or cost is expected");
            return 2;
    }
}
catch (InvalidOperationException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
