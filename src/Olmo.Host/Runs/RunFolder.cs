using System.Text;
using Olmo.Data.Files;

namespace Olmo.Host.Runs;

/// <summary>Paths of a run's folder.</summary>
internal sealed record RunFolder(string Root)
{
    /// <summary>Held by the living process of the run; the kernel lets it go when the process dies.</summary>
    public string LockFile => Path.Combine(Root, "run.lock");

    /// <summary>Who holds the lock, for messages.</summary>
    public string OwnerFile => Path.Combine(Root, "run.owner.json");

    /// <summary>Name of the run, as the folder may have another.</summary>
    public string RunNameFile => Path.Combine(Root, "run.name");

    /// <summary>Journal, snapshots and lease: an SQLite database.</summary>
    public string Journal => Path.Combine(Root, "journal.db");

    /// <summary>Object store of shard files and manifests.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>Tokenizer and token files, keyed by what they were made from.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>One JSON line a step.</summary>
    public string Metrics => Path.Combine(Root, "metrics.jsonl");

    /// <summary>One JSON line per change of the world.</summary>
    public string Recoveries => Path.Combine(Root, "recoveries.jsonl");

    /// <summary>Moments that the run passed, for a person after a crash.</summary>
    public string Trace => Path.Combine(Root, "trace.log");

    /// <summary>Marks of a drill's faults that have struck.</summary>
    public string Drill => Path.Combine(Root, "drill");

    /// <summary>What a drill was asked for in this folder.</summary>
    public string DrillSettings => Path.Combine(Drill, "settings");

    /// <summary>Reports of worlds that hung.</summary>
    public string Hangs => Path.Combine(Root, "hangs");

    /// <summary>Writes the report of a hang, whole or not at all.</summary>
    public void WriteHang(string name, string text)
    {
        Directory.CreateDirectory(Hangs);
        DurableFile.WriteAllBytes(Path.Combine(Hangs, name), Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The recipe as it was resolved.</summary>
    public string ResolvedRecipe => Path.Combine(Root, "recipe.resolved.conf");

    /// <summary>The trained model as a Hugging Face folder.</summary>
    public string Model => Path.Combine(Root, "model");
}
