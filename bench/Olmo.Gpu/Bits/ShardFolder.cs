using System.Globalization;
using Olmo.Model.State;

namespace Olmo.Gpu.Bits;

/// <summary>The last shard files of a run, and a list of them that is written last: what a killed process left of a later step has no list.</summary>
internal sealed class ShardFolder(string path)
{
    private const string List = "last";

    /// <summary>Writes the files of a state.</summary>
    public void Save(TrainingState state)
    {
        Directory.CreateDirectory(path);
        using ShardStage stage = new(state.Provider, state.Placement);
        stage.Take(state);
        List<string> lines = [Convert.ToHexStringLower(stage.Progress.Span)];
        foreach (int shard in stage.Placement.Shards)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"step-{stage.Step}-shard-{shard}");
            using FileStream file = File.Create(Path.Combine(path, name));
            ShardFileInfo written = stage.Write(shard, file);
            file.Flush(flushToDisk: true);
            lines.Add($"{name} {written.Sha256}");
        }

        string unfinished = Path.Combine(path, List + ".new");
        File.WriteAllLines(unfinished, lines);
        File.Move(unfinished, Path.Combine(path, List), overwrite: true);
    }

    /// <summary>Fills a state from the last files.</summary>
    /// <returns>False if there are none.</returns>
    public bool Load(TrainingState state)
    {
        string list = Path.Combine(path, List);
        if (!File.Exists(list))
        {
            return false;
        }

        string[] lines = File.ReadAllLines(list);
        ShardLoader loader = new(state);
        foreach (string line in lines.AsSpan(1))
        {
            string[] parts = line.Split(' ');
            using FileStream file = File.OpenRead(Path.Combine(path, parts[0]));
            loader.Read(file, parts[0], parts[1]);
        }

        loader.Complete(Convert.FromHexString(lines[0]));
        return true;
    }
}
