using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Host.Models;
using Olmo.Host.Nodes;
using Olmo.Runtime.Hocon;

namespace Olmo.Host.Recipes;

/// <summary>
/// Reads a recipe over the reference configuration. Every key must be known; every problem is reported at once. What the word behind a key of the reference says -
/// numeric or operational - decides what a restart may change.
/// </summary>
internal static class RecipeReader
{
    /// <summary>Reads a recipe file with overrides.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="overrides">Texts of the form key=value, later ones first.</param>
    /// <param name="environment">Looks up environment variables for substitutions.</param>
    /// <exception cref="UsageException">Anything is wrong; a line for each problem.</exception>
    public static Recipe Read(string path, IReadOnlyList<string> overrides, Func<string, string?> environment)
    {
        try
        {
            HoconDocument layers = HoconDocument.Load(path);
            foreach (string assignment in overrides)
            {
                layers = HoconDocument.ParseOverride(assignment).WithFallback(layers);
            }

            SettingsReader settings = SettingsReader.Open(Schema(), layers, environment);
            Recipe recipe = Read(settings);
            settings.ThrowIfErrors();
            return recipe;
        }
        catch (Exception e) when (e is HoconException or SettingsException)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>Every known key: the reference configuration that this program carries.</summary>
    public static SettingsSchema Schema()
    {
        using Stream stream = typeof(RecipeReader).Assembly.GetManifestResourceStream("reference.conf")!;
        using StreamReader reader = new(stream);
        return SettingsSchema.Parse(HoconDocument.Parse(reader.ReadToEnd(), "reference.conf"));
    }

    private static Recipe Read(SettingsReader v)
    {
        RunKeys run = new(v.Text("run.name"), v.Text("run.folder"), v.Int64("run.seed", 0), v.Int64("run.steps", 0), v.Int32("run.epochs", 1));
        v.Require(
            "run.name", () => run.Name.Length <= 64 && run.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'), () => "1 to 64 letters, digits, '-', '_' or '.'");
        DataKeys data = new(
            v.Choice("data.source", "dotnet-documentation", "text", "jsonl"), v.OptionalText("data.path") ?? "", v.DoubleBelow("data.held-out", 0, 1),
            v.Choice("data.order", "counter", "olmo-core"), v.Boolean("data.filter-repetitions"), v.Boolean("data.mask-documents"), v.Int32("data.prefetch", 1, 1000));
        v.Require(
            "data.path", () => data.Source == "dotnet-documentation" || data.Path.Length > 0, () => "a file or folder, as data.source is " + data.Source, "data.source");
        TokenizerKeys tokenizer = new(
            v.OptionalText("tokenizer.path") ?? "", v.Int32("tokenizer.vocabulary", 257, 1 << 24), v.Choice("tokenizer.pattern", "cl100k", "gpt2"), v.SizeBytes("tokenizer.max-bytes"));
        ModelKeys model = Model(v);
        BatchKeys batch = new(v.Int32("batch.sequence-length", 2), v.Int32("batch.groups", 1, 8192), v.Int32("batch.sequences-per-group", 1));
        LossKeys loss = new(
            v.Double("loss.z-loss", 0, 1), v.Choice("loss.non-finite", "skip", "stop") == "stop", v.Int32("loss.max-skips", 0, 1_000_000), v.Int64("loss.skip-rollback-steps", 0),
            v.Double("loss.spike-sigmas", 0, 1e6), v.Int32("loss.spike-window", 2, 65536), v.Int32("loss.max-spikes", 1, 1_000_000), v.Int64("loss.spike-rollback-steps", 0),
            v.Int64("loss.rollback-window", 0));
        OptimizerKeys optimizer = new(
            v.Double("optimizer.learning-rate", 0, 10), v.DoubleBelow("optimizer.beta1", 0, 1), v.DoubleBelow("optimizer.beta2", 0, 1), v.Double("optimizer.epsilon", 0, 1),
            v.Double("optimizer.weight-decay", 0, 10), v.TextList("optimizer.no-decay"), v.Double("optimizer.clip", 0));
        ScheduleKeys schedule = new(
            v.Choice("schedule.kind", "cosine", "linear", "wsd", "constant"), v.Int64("schedule.warmup-steps", 0), v.Int64("schedule.end-step", 0),
            v.Double("schedule.final-ratio", 0, 1), v.Int64("schedule.decay-steps", 0));
        ComputeKeys compute = new(
            v.Int32("compute.threads", 0, 4096), v.Choice("compute.simd", "auto", "avx512", "avx2", "scalar"), v.Int32("compute.micro-batch", 0),
            v.Choice("compute.recompute", "none", "blocks") == "blocks", v.Choice("compute.dtype", "float32", "bfloat16") == "bfloat16",
            v.Choice("compute.device", "cpu", "cuda") == "cuda");
        v.Require(
            "compute.micro-batch", () => compute.MicroBatch <= batch.SequencesPerGroup, () => $"at most batch.sequences-per-group = {batch.SequencesPerGroup}",
            "batch.sequences-per-group");
        SampleKeys sample = new(v.OptionalText("sample.prompt") ?? "", v.Int32("sample.tokens", 1), v.Double("sample.temperature", 0, 100), v.Double("sample.top-p", 0, 1));
        return new Recipe(
            run, data, tokenizer, model, batch, loss, optimizer, schedule, v.Int32("state.shards", 1, 65536), compute, Checkpoints(v), Supervision(v, loss),
            new JournalKeys(v.Duration("journal.busy-timeout", TimeSpan.FromMilliseconds(1)), v.Int32("journal.snapshot-interval", 1)),
            v.Int64("evaluation.max-tokens", 0), sample, v.Int32("metrics.log-interval", 1), WorldKeys.Read(v, batch.Groups, compute.Threads, Environment.ProcessorCount),
            DrillKeys.Read(v), Numeric(v, model), v.Render());
    }

    // Where the weights lie is operational; what they are decides bits. A run that draws its weights has no such entry.
    private static IReadOnlyDictionary<string, string> Numeric(SettingsReader v, ModelKeys model)
    {
        IReadOnlyDictionary<string, string> values = v.NumericValues();
        return model.InitFrom.Length > 0 && ModelRecipe.DigestOf(model.InitFrom) is { } digest
            ? new SortedDictionary<string, string>(values.ToDictionary(), StringComparer.Ordinal) { ["model.init-from (weights)"] = $"\"{digest}\"" }
            : values;
    }

    private static ModelKeys Model(SettingsReader v)
    {
        ModelKeys model = new(
            v.Choice("model.family", "olmo", "olmo2"), v.Int32("model.width", 1), v.Int32("model.layers", 1), v.Int32("model.heads", 1), v.Int32("model.kv-heads", 0),
            v.Int32("model.ffn", 1), v.Int32("model.vocabulary", 0), v.Double("model.rope-theta", 1), v.Double("model.norm-epsilon", 0, 1), v.Double("model.clip-qkv", 0),
            v.Boolean("model.tied"), v.Double("model.init-std", 0, 10), v.OptionalText("model.init-from") ?? "");
        v.Require(
            "model.heads", () => model.Width % (2L * model.Heads) == 0, () => $"a divisor of model.width = {model.Width} that leaves an even head width", "model.width");
        v.Require(
            "model.kv-heads", () => model.KvHeads == 0 || model.Heads % model.KvHeads == 0, () => $"0 or a divisor of model.heads = {model.Heads}", "model.heads");
        return model;
    }

    private static CheckpointPolicy Checkpoints(SettingsReader v)
    {
        int lag = v.Int32("checkpoint.max-lag", -1);
        return new CheckpointPolicy(
            v.Int64("checkpoint.interval", 1), v.Int32("checkpoint.keep", 1), v.Int64("checkpoint.permanent-interval", 0),
            v.Duration("checkpoint.garbage-grace", TimeSpan.FromMinutes(1)), lag < 0 ? null : lag);
    }

    private static SupervisionKeys Supervision(SettingsReader v, LossKeys loss) => new(
        new RunPolicy(
            v.Int32("supervision.max-faults", 0, RunState.MaxFaultsKept - 1), v.Duration("supervision.fault-window", TimeSpan.FromSeconds(1)), v.Int32("supervision.max-faults-without-progress", 0),
            new RollBackPolicy(loss.SkipRollbackSteps, loss.SpikeRollbackSteps, loss.RollbackWindow), v.Int64("audit.interval", 0)),
        v.Int32("supervision.max-loader-restarts", 0), v.Duration("supervision.journal-outage", TimeSpan.FromSeconds(1)));
}
