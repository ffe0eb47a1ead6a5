using System.CommandLine;
using Olmo.Host.Models;
using Olmo.Host.Runs;
using Olmo.Model.Formats;

namespace Olmo.Host.Commands;

/// <summary><c>olmo export SOURCE --to DIR</c>: writes the model of a checkpoint, or of a model folder, as a folder that Hugging Face tools load.</summary>
internal static class ExportCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> source = new("SOURCE") { Description = "Folder of a run, such as runs/quickstart, or a model folder." };
        Option<long?> step = new("--step") { Description = "Steps that the checkpoint of a run has done; the newest if it is not given." };
        FolderOptions options = new();
        Command command = new("export", "Writes a checkpoint's model, or a model folder, as a folder that Hugging Face tools load.") { source, step };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string from = parsed.GetRequiredValue(source);
            string target = options.Target(parsed);
            RunFolder run = new(from);
            WrittenModel model;
            if (File.Exists(Path.Combine(from, HuggingFaceFolder.ConfigFile)))
            {
                if (parsed.GetValue(step) is { } wanted)
                {
                    throw new UsageException($"--step {wanted} goes with the folder of a run; '{from}' is a model folder");
                }

                model = new ModelFolderCopy(from).Write(target, options.Type(parsed), options.MaxShardBytes(parsed), null, cancellationToken);
            }
            else
            {
                RunHistory history = await RunHistory.Read(run, cancellationToken);
                ModelFolderFormat format = new(options.Type(parsed) ?? SafetensorsType.F32, options.MaxShardBytes(parsed));
                model = new CheckpointModel(run).Write(history.Find(parsed.GetValue(step)), target, format, cancellationToken);
            }

            model.WriteTo(target, parsed.InvocationConfiguration.Output);
            return ExitCodes.Done;
        });
        return command;
    }
}
