using Olmo.Gpu.Devices;
using Olmo.SameBits;

namespace Olmo.Gpu.Bits;

/// <summary>
/// Trains tiny models in fp32 and bf16 again and again: twice, in worlds of 1 to 4 ranks and 2 replicas, and with a kill -9 in the middle. Gradients, weights and shard files must have the same hashes.
/// Whether the size of the micro-batch changes a bit is reported.
/// </summary>
internal static class BitsCommand
{
    private const string Models = "olmo2-gqa-documents,olmo2-gqa-documents-bf16,olmo1-tied-bf16,quickstart-bf16";
    private const string Killed = "olmo2-gqa-documents,olmo2-gqa-documents-bf16";

    /// <summary>Runs the command.</summary>
    /// <returns>0, or 1 where a bit differs.</returns>
    public static int Run(ReadOnlySpan<string> arguments, TextWriter output)
    {
        CommandLine options = new(arguments, ("device", "cuda"), ("kernel-cache", ""), ("models", Models), ("killed", Killed), ("work", Path.GetTempPath()));
        Table table = new(output, 28, 26, 20, 20, 20, 9);
        (int equal, int total) = (0, 0);
        void Count(bool isEqual)
        {
            total++;
            equal += isEqual ? 1 : 0;
        }

        using (ComputeDevice device = ComputeDevice.Open(options))
        {
            output.WriteLine(device.Text);
            table.Row("model", "run", "gradients", "weights", "shard files", "");
            foreach (string name in options.Text("models").Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                SameBitsModel model = SameBitsModel.All.Single(m => m.Name == name);
                WorldRun.Hashes first = WorldRun.Of(device.Provider, model, 1, 1, 1);
                table.Row(name, "1 rank", first.Gradients, first.Weights, first.Shards, "");
                foreach ((string run, int ranks, int replicas) in ((string, int, int)[])[("1 rank again", 1, 1), ("2 ranks", 2, 1), ("3 ranks", 3, 1), ("4 ranks", 4, 1), ("3 ranks, 2 replicas", 3, 2)])
                {
                    WorldRun.Hashes again = WorldRun.Of(device.Provider, model, 1, ranks, replicas);
                    table.Row(name, run, again.Gradients, again.Weights, again.Shards, Word(again == first));
                    Count(again == first);
                }

                if (model.Settings.SequencesPerGroup > 1)
                {
                    WorldRun.Hashes larger = WorldRun.Of(device.Provider, model, 2, 1, 1);
                    table.Row(name, "micro-batch 2, not counted", larger.Gradients, larger.Weights, larger.Shards, Word(larger == first));
                }
            }
        }

        foreach (string name in options.Text("killed").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            KilledRun run = KilledRun.Of(name, options);
            table.Row(name, "unbroken", "", run.Unbroken, "", "");
            table.Row(name, run.What, "", run.Resumed, "", Word(run.IsEqual));
            Count(run.IsEqual);
        }

        output.WriteLine($"bits: {equal} of {total} equal");
        return equal == total && total > 0 ? 0 : 1;
    }

    private static string Word(bool isEqual) => isEqual ? "equal" : "DIFFERS";
}
