using Olmo.Actors.Collectives;
using Olmo.Mesh;

// olmo-mesh [--buffer BYTES] [--aborts N] [--gathers N] [--only throughput|gather|abort]
int Option(string name, int otherwise)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1]) : otherwise;
}

int only = Array.IndexOf(args, "--only");
string part = only >= 0 && only + 1 < args.Length ? args[only + 1] : "all";
MeshSettings settings = new();
settings = settings with { SocketBufferBytes = Option("--buffer", settings.SocketBufferBytes) };

(double rate, double ratio) = part is "all" or "throughput" ? Throughput.Run(settings) : default;
if (part is "all" or "gather")
{
    Latency.AllGather(settings, Option("--gathers", 5000));
}

(double own, double all) = part is "all" or "abort" ? Latency.Abort(settings, Option("--aborts", 1000)) : default;
Console.WriteLine($"abort p99 {own:0.###} ms own rank, {all:0.###} ms all ranks; exchange of 1 MiB {rate:0.00} GB/s, {ratio:0.00} of plain sockets");
