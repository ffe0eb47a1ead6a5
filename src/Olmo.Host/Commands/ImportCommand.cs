using System.CommandLine;
using System.Text;
using Olmo.Host.Models;
using Olmo.Model.Formats;

namespace Olmo.Host.Commands;

/// <summary>
/// <c>olmo import FOLDER --to DIR</c>: reads a Hugging Face model folder, checks every tensor, and writes a folder that a training can start from and that generates.
/// </summary>
internal static class ImportCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> source = new("FOLDER") { Description = "A model folder: config.json, safetensors files (one, or several with an index), tokenizer.json where there is one." };
        FolderOptions options = new();
        Command command = new("import", "Reads a Hugging Face folder, checks every tensor, and writes a folder that a recipe can start from (model.init-from).") { source };
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            string target = options.Target(parsed);
            string? obstacle = null;
            WrittenModel model = new ModelFolderCopy(parsed.GetRequiredValue(source)).Write(
                target,
                options.Type(parsed),
                options.MaxShardBytes(parsed),
                (config, hasTokenizer, digest) =>
                {
                    obstacle = ModelRecipe.Obstacle(config);
                    ModelFolderFile digestFile = new(ModelRecipe.DigestFile, Encoding.ASCII.GetBytes(digest + "\n"));
                    return obstacle is null ? [digestFile, new ModelFolderFile(ModelRecipe.FileName, ModelRecipe.Write(config, target, hasTokenizer))] : [digestFile];
                },
                cancellationToken);
            TextWriter output = parsed.InvocationConfiguration.Output;
            model.WriteTo(target, output);
            output.WriteLine(obstacle is null
                ? $"to train on: include \"{Path.Combine(Path.GetFullPath(target), ModelRecipe.FileName)}\" in a recipe"
                : $"no recipe can train it: {obstacle}");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }
}
