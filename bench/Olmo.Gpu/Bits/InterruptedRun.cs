using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Olmo.Gpu.Devices;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.SameBits;

namespace Olmo.Gpu.Bits;

/// <summary>
/// A process of <see cref="KilledRun"/>: goes on from the shard files in its folder, writes such every few steps, and kills itself in the middle of a step if it is told to. Last line: the SHA-256 of
/// the final weights.
/// </summary>
internal static class InterruptedRun
{
    /// <summary>Runs the command.</summary>
    public static int Run(ReadOnlySpan<string> arguments, TextWriter output)
    {
        CommandLine options = new(arguments, ("device", "cuda"), ("kernel-cache", ""), ("model", ""), ("folder", ""), ("steps", "9"), ("save-each", "2"), ("kill-in", "0"));
        SameBitsModel model = SameBitsModel.All.Single(m => m.Name == options.Text("model"));
        StepSettings settings = model.Settings with { Replicas = 1 };
        int killedIn = options.Number("kill-in", 0);
        using ComputeDevice device = ComputeDevice.Open(options);
        using WorldProgram program = new(device.Provider, model, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress(settings.Decision.SkipStep?.Window ?? 0));
        using RankStep rank = RankStep.Alone(settings, program, state);
        ShardFolder folder = new(options.Text("folder"));
        folder.Load(state);
        while (state.Progress.Step < options.Number("steps"))
        {
            int step = (int)state.Progress.Step + 1;
            GroupBatch[] batch = model.Batch(step);
            rank.Begin(new StepIdentity("interrupted", 0, 1, step, 0), batch.Sum(g => g.CountLabels()));
            foreach (GroupBatch group in batch)
            {
                if (step == killedIn && group.Group == batch.Length / 2)
                {
                    using Process self = Process.GetCurrentProcess();
                    self.Kill();
                }

                rank.RunGroup(group, CancellationToken.None);
            }

            StepReport report = rank.Finish(rank.Decide(rank.Announce()));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step}: loss {report.CrossEntropy:R}, norm {report.GradientNorm:R}"));
            output.Flush();
            if (step % options.Number("save-each") == 0)
            {
                folder.Save(state);
            }
        }

        output.WriteLine(HashOf(program.Parameters));
        return 0;
    }

    private static string HashOf(WorkingParameters weights)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] values = new float[ParameterLayout.ChunkElements];
        for (int c = 0; c < weights.Layout.Chunks; c++)
        {
            ParameterChunk chunk = weights.Layout.ChunkAt(c);
            Span<float> read = values.AsSpan(0, chunk.Length);
            weights.Read(chunk.Tensor, chunk.Offset, read);
            hash.AppendData(MemoryMarshal.AsBytes(read));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
