using Olmo.Host.Commands;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Model.Numerics;

namespace Olmo.Host.Tests.Cuda;

public sealed class RunDeviceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-device-").FullName;

    private string RecipeFile => Path.Combine(_folder, "my.conf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void NumericsIdOf_Processors_IsTheProgramsWhateverTheMicroBatch()
    {
        Assert.Equal(NumericsId.Current, RunDevice.NumericsIdOf(Read("batch.sequences-per-group = 4")));
        Assert.Equal(NumericsId.Current, RunDevice.NumericsIdOf(Read("batch.sequences-per-group = 4\ncompute.micro-batch = 2")));
        Assert.Null(RunDevice.Of(Read(""), 0));
        Assert.Null(RunDevice.Hold(Read(""), 0, NumericsId.Current));
    }

    [Fact]
    public void Hold_OfAnotherNumericsIdThanTheRuns_NamesBoth()
    {
        UsageException error = Assert.Throws<UsageException>(() => RunDevice.Hold(Read(""), 3, "another device"));

        Assert.Contains($"place 3 has numerics id {NumericsId.Current}, the run has another device", error.Message, StringComparison.Ordinal);
    }

    [CudaFact]
    public void NumericsIdOf_Gpu_HasTheSequencesOfAPass()
    {
        string whole = RunDevice.NumericsIdOf(Read("compute.device = cuda\nbatch.sequences-per-group = 4"));
        string half = RunDevice.NumericsIdOf(Read("compute.device = cuda\nbatch.sequences-per-group = 4\ncompute.micro-batch = 2"));

        Assert.EndsWith(" micro-batch 4", whole, StringComparison.Ordinal);
        Assert.Equal(whole[..^1] + "2", half);
        using IDisposable? held = RunDevice.Hold(Read("compute.device = cuda\nbatch.sequences-per-group = 4"), 1, whole);
        Assert.NotNull(held);
    }

    [NoCudaFact]
    public async Task Run_OnAGpuThatIsNotThere_ExitsTwoBeforeAnythingIsWritten()
    {
        string run = Path.Combine(_folder, "run");
        await File.WriteAllTextAsync(RecipeFile, "run.steps = 1\ncompute.device = cuda\n");
        StringWriter error = new();

        int code = await CommandRunner.Run(RunCommand.Create(), [RecipeFile, "--set", $"run.folder={run}"], TextWriter.Null, error);

        Assert.Equal(2, code);
        Assert.StartsWith($"olmo: compute.device = cuda: {CudaFactAttribute.Obstacle()!.Split('\n')[0]}", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    private Recipe Read(string text)
    {
        File.WriteAllText(RecipeFile, text);
        return RecipeReader.Read(RecipeFile, [], _ => null);
    }
}
