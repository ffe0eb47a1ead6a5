using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Tensors;
using Olmo.SameBits;

// Runs the models in this process's hardware mode; bench/same-bits.sh starts one process per mode and compares the lines.
//   --models a,b   --threads 1,2   --micro 1,2,4   --worlds 1x1,4x2 (ranks x replicas)   --expect 512|256|none (vector width)
// OLMO_SAMEBITS_SPLIT_K=1 plants a bug: where 2 threads are used, k loops over the model's width are split in two.
string models = "olmo1-tied,olmo2-gqa-documents,olmo2-tied-weighted";
int[] threads = [1, 2];
int[] micro = [1, 2, 4];
string[] worlds = ["1x1", "2x1", "3x1", "4x1", "2x2", "3x2", "4x2"];
string? expected = null;
for (int i = 0; i + 1 < args.Length; i += 2)
{
    switch (args[i])
    {
        case "--models":
            models = args[i + 1];
            break;
        case "--threads":
            threads = Numbers(args[i + 1]);
            break;
        case "--micro":
            micro = Numbers(args[i + 1]);
            break;
        case "--worlds":
            worlds = args[i + 1].Split(',');
            break;
        case "--expect":
            expected = args[i + 1];
            break;
        default:
            Console.Error.WriteLine($"unknown option {args[i]}");
            return 2;
    }
}

string width = SimdWidths.Best switch
{
    SimdWidth.Avx512 => "512",
    SimdWidth.Avx2 => "256",
    _ => "none",
};
if (expected is not null && expected != width)
{
    Console.Error.WriteLine($"the vector width is {width}; {expected} was expected: a switch had no effect, or this processor lacks it");
    return 3;
}

bool plantBug = Environment.GetEnvironmentVariable("OLMO_SAMEBITS_SPLIT_K") == "1";
foreach (string name in models.Split(','))
{
    SameBitsModel model = SameBitsModel.All.Single(m => m.Name == name);
    foreach (int t in threads)
    {
        using ComputePool pool = new(t);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        ITensorProvider provider = plantBug && t == 2 ? new SplitSumProvider(cpu, model.Config.Width) : cpu;
        foreach (int b in micro)
        {
            foreach (string world in worlds)
            {
                int[] size = Numbers(world.Replace('x', ','));
                WorldRun.Hashes hashes = WorldRun.Of(provider, model, b, size[0], size[1]);
                Console.WriteLine(
                    $"model={name} width={width} fma={(Fma.IsSupported ? "yes" : "no")} vector128={(Vector128.IsHardwareAccelerated ? "yes" : "no")} threads={t} micro-batch={b} "
                    + $"ranks={size[0]} replicas={size[1]} gradients={hashes.Gradients} weights={hashes.Weights} shards={hashes.Shards}");
            }
        }
    }
}

return 0;

static int[] Numbers(string text) => [.. text.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
