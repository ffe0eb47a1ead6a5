using Olmo.Host.Models;
using Olmo.Host.Recipes;
using Olmo.Model.Generation;

namespace Olmo.Host.Runs;

/// <summary>A sample of what a model folder writes: by the way that <c>olmo generate</c> takes, so that it also proves the folder.</summary>
internal static class TextSample
{
    /// <summary>The prompt and its continuation.</summary>
    public static string Write(string folder, SampleKeys keys)
    {
        using LoadedModel model = LoadedModel.Load(folder, threads: 0);
        SamplingSettings sampling = new() { Temperature = keys.Temperature, TopP = keys.TopP };
        return keys.Prompt + string.Concat(model.Continue(new PromptText(keys.Prompt, "sample.prompt"), keys.Tokens, sampling, CancellationToken.None));
    }
}
