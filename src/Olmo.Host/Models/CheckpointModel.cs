using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.State;

namespace Olmo.Host.Models;

/// <summary>The model of a checkpoint, written as a folder that Hugging Face tools load. Reads only; works beside a living run.</summary>
/// <param name="folder">Folder of the run.</param>
internal sealed class CheckpointModel(RunFolder folder)
{
    /// <summary>Writes the folder.</summary>
    /// <param name="checkpoint">The checkpoint; every byte of it is compared with its digest first.</param>
    /// <param name="target">Missing or empty; appears whole or not at all.</param>
    /// <param name="format">How weights are stored.</param>
    /// <param name="cancellationToken">Leaves nothing.</param>
    /// <exception cref="UsageException">The checkpoint does not verify, the run's recipe or data are not there, or the target cannot be written.</exception>
    public WrittenModel Write(CheckpointCommitted checkpoint, string target, ModelFolderFormat format, CancellationToken cancellationToken)
    {
        return ModelFolders.Guard(folder.Root, () =>
        {
            LocalObjectReader store = new(folder.Checkpoints);
            CheckpointManifest manifest = ManifestFile.Read(store, checkpoint);
            Recipe recipe = RecipeReader.Read(folder.ResolvedRecipe, [], Environment.GetEnvironmentVariable);
            PreparedData data = DataOf(recipe, manifest);
            ParameterList parameters = new(TrainingPlan.ConfigOf(recipe, data.VocabularySize, data.EosId, data.BosId), _ => TrainingPlan.PrecisionOf(recipe));
            List<Stream> shards = [];
            try
            {
                foreach (ShardEntry shard in manifest.Shards)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    shards.Add(store.OpenRead(shard.Name));
                }

                ShardFileSet source = ShardFileSet.Open(parameters.Layout(recipe.Shards), [.. shards.Zip(manifest.Shards, (stream, shard) => (stream, shard.Name, shard.Sha256))]);
                string digest = new ModelFolderWriter(parameters, format, HuggingFaceFolder.Reader(source), $"step {checkpoint.Step} of '{folder.Root}'").Write(
                    target, _ => Files(parameters.Config, data.TokenizerFolder, format.Type), cancellationToken);
                return new WrittenModel(parameters, format.Type, digest, data.TokenizerFolder is not null);
            }
            finally
            {
                shards.ForEach(s => s.Dispose());
            }
        });
    }

    // The run's data folder may hold what other recipes made.
    private PreparedData DataOf(Recipe recipe, CheckpointManifest manifest)
    {
        foreach (PreparedData data in PreparedFolders.In(folder.Data))
        {
            using InstanceDataSet train = data.OpenTrain(recipe.Batch.SequenceLength, recipe.Data.FiltersRepetitions ? new RepetitionFilter() : null);
            if (train.Fingerprint == manifest.DataFingerprint)
            {
                return data;
            }
        }

        throw new InvalidDataException($"no token files in '{folder.Data}' have the fingerprint {manifest.DataFingerprint} of step {manifest.Step}: their tokenizer belongs to the model");
    }

    private static IEnumerable<ModelFolderFile> Files(OlmoConfig config, string? tokenizerFolder, SafetensorsType type)
    {
        yield return new ModelFolderFile(HuggingFaceFolder.GenerationFile, HuggingFaceConfig.WriteGeneration(config));
        foreach (string name in ModelExport.TokenizerFiles.Where(name => tokenizerFolder is not null && File.Exists(Path.Combine(tokenizerFolder, name))))
        {
            yield return new ModelFolderFile(name, File.ReadAllBytes(Path.Combine(tokenizerFolder!, name)));
        }

        yield return new ModelFolderFile(HuggingFaceFolder.ConfigFile, HuggingFaceConfig.Write(config, type));
    }
}
