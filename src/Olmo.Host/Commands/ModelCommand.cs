using System.CommandLine;
using Olmo.Data.Tokenization;
using Olmo.Host.Models;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Model.Cpu;
using Olmo.Model.Cuda;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Steps;

namespace Olmo.Host.Commands;

/// <summary><c>olmo model describe TARGET</c>: layers and sizes of a model and, for a recipe, what its world costs each rank. Reads only, and takes no memory of the model's size.</summary>
internal static class ModelCommand
{
    /// <summary>The verb with its verbs.</summary>
    public static Command Create()
    {
        Argument<string> target = new("TARGET") { Description = "A recipe (HOCON file), or a model folder with config.json." };
        Option<string[]> set = new("--set") { Description = "Overrides a key of the recipe: --set key=value. May be given again.", AllowMultipleArgumentsPerToken = false };
        Command describe = new("describe", "Shows layers, shapes and parameters; for a recipe also memory and bytes on the wire of each rank.") { target, set };
        describe.SetAction((parsed, _) =>
        {
            string path = parsed.GetRequiredValue(target);
            string[] overrides = parsed.GetValue(set) ?? [];
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (Directory.Exists(path))
            {
                OfFolder(path, overrides, output);
            }
            else
            {
                OfRecipe(RecipeReader.Read(path, overrides, Environment.GetEnvironmentVariable), output);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return new Command("model", "Looks at models.") { describe };
    }

    private static void OfFolder(string path, string[] overrides, TextWriter output)
    {
        if (overrides.Length > 0)
        {
            throw new UsageException("--set goes with a recipe; a folder's model is what its config.json says");
        }

        using HuggingFaceFolder folder = ModelFolders.Guard(path, () => HuggingFaceFolder.Open(path));
        ModelText.WriteLayers(folder.Parameters, folder.Parameters.Config.ContextLength, output);
    }

    private static void OfRecipe(Recipe recipe, TextWriter output)
    {
        StepSettings step = TrainingPlan.StepOf(recipe, Math.Max(1, Math.Max(recipe.Run.Steps, recipe.Schedule.WarmupSteps + recipe.Schedule.DecaySteps)));
        ParameterList parameters = new(TrainingPlan.ConfigOf(recipe, Entries(recipe), 0, null), step.PrecisionOf);
        ModelText.WriteLayers(parameters, recipe.Batch.SequenceLength, output);
        ModelText.WriteWorld(parameters, step, recipe.World.Ranks, recipe.World.Replicas, recipe.Run.Name, recipe.Supervision.Policy.AuditInterval > 0,
            recipe.Compute.IsCuda ? CudaProvider.Traits : CpuProvider.Traits, output);
    }

    // A tokenizer that is still to be trained has as many entries as it is asked for, or fewer where the text is short.
    private static int Entries(Recipe recipe)
    {
        if (recipe.Tokenizer.Path.Length == 0)
        {
            return recipe.Tokenizer.Vocabulary;
        }

        try
        {
            return Tokenizer.Load(recipe.Tokenizer.Path).VocabularySize;
        }
        catch (Exception e) when (e is TokenizerFormatException or IOException)
        {
            throw new UsageException($"tokenizer.path = '{recipe.Tokenizer.Path}': {e.Message}");
        }
    }
}
