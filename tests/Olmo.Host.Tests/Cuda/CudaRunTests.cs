using Olmo.Host.Tests.Processes;

namespace Olmo.Host.Tests.Cuda;

/// <summary>A whole run on a GPU.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class CudaRunTests(TinyRuns runs)
{
    private static readonly string[] OnTheGpu = ["--set", "compute.device=cuda", "--set", "compute.dtype=bfloat16", "--set", "run.steps=4", "--set", "checkpoint.interval=2"];

    [CudaFact]
    public async Task Run_OnTheGpu_EndsWithTheSameWeightsFromAnyWorldAndIsNotResumedElsewhere()
    {
        string folder = runs.New();
        (int code, string output) = await OlmoProcess.Run(runs.Command(folder, OnTheGpu));
        Assert.True(code == 0, output);
        Assert.Contains("run 'tiny' is complete: 4 steps", output, StringComparison.Ordinal);

        (code, string text) = await OlmoProcess.Run(["generate", Path.Combine(folder, "model"), "--prompt", "actor state", "--tokens", "3", "--device", "cuda"]);
        Assert.True(code == 0 && text.StartsWith("actor state", StringComparison.Ordinal), text);

        (code, string ofTwo) = await OlmoProcess.Run(runs.Command(runs.New(), [.. OnTheGpu, "--set", "ranks.count=2"]));
        Assert.True(code == 0, ofTwo);
        Assert.Equal(TinyRuns.WeightsIn(output), TinyRuns.WeightsIn(ofTwo));

        (code, output) = await OlmoProcess.Run(runs.Command(folder, [.. OnTheGpu, "--set", "compute.device=cpu"]));
        Assert.True(code == 2, output);
        Assert.Matches("numerics id: cuda .* micro-batch 1 -> cpu-fp32-1", output);
        Assert.Contains("compute.device: \"cuda\" -> \"cpu\"", output, StringComparison.Ordinal);
    }
}
