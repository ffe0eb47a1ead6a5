using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
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
            HoconDocument reference = Reference();
            HoconDocument recipe = HoconDocument.Load(path);
            foreach (string assignment in overrides)
            {
                recipe = HoconDocument.ParseOverride(assignment).WithFallback(recipe);
            }

            HoconObject known = reference.Resolve(environment);
            HoconObject resolved = recipe.WithFallback(reference).Resolve(environment);
            List<string> problems = UnknownKeys(known, resolved);
            RecipeValues values = new(resolved);
            Recipe read = Read(values, known, resolved);
            problems.AddRange(values.Problems);
            return problems.Count == 0 ? read : throw new UsageException(string.Join('\n', problems.Distinct(StringComparer.Ordinal)));
        }
        catch (HoconException e)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>The reference configuration that this program carries.</summary>
    public static HoconDocument Reference()
    {
        using Stream stream = typeof(RecipeReader).Assembly.GetManifestResourceStream("reference.conf")!;
        using StreamReader reader = new(stream);
        return HoconDocument.Parse(reader.ReadToEnd(), "reference.conf");
    }

    /// <summary>Whether the word behind a key of the reference says that it decides bits.</summary>
    public static bool IsNumeric(HoconValue reference) => reference.Origin.Comments.Count > 0 && reference.Origin.Comments[^1].Trim() == "numeric";

    private static List<string> UnknownKeys(HoconObject known, HoconObject resolved)
    {
        string[] keys = [.. known.Leaves().Select(leaf => leaf.Key.ToString())];
        List<string> problems = [];
        foreach ((HoconPath key, HoconValue value) in resolved.Leaves())
        {
            if (known.Find(key) is null && key.Keys[0] != "akka")
            {
                problems.Add($"{value.Origin}: unknown key {key}; the nearest known key is {NearestKey.Find(key.ToString(), keys)}");
            }
        }

        return problems;
    }

    private static Recipe Read(RecipeValues v, HoconObject known, HoconObject resolved)
    {
        RunKeys run = new(v.Text("run.name"), v.Text("run.folder"), v.Long("run.seed", 0), v.Long("run.steps", 0), v.Int("run.epochs", 1));
        v.Require("run.name", run.Name.Length is > 0 and <= 64 && run.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'), "1 to 64 letters, digits, '-', '_' or '.'");
        DataKeys data = new(
            v.OneOf("data.source", "dotnet-documentation", "text", "jsonl"), v.Text("data.path"), v.Number("data.held-out", 0, 1, isMaxIncluded: false),
            v.OneOf("data.order", "counter", "olmo-core"), v.Flag("data.filter-repetitions"), v.Flag("data.mask-documents"), v.Int("data.prefetch", 1, 1000));
        v.Require("data.path", data.Source == "dotnet-documentation" || data.Path.Length > 0, "a file or folder, as data.source is " + data.Source);
        TokenizerKeys tokenizer = new(
            v.Text("tokenizer.path"), v.Int("tokenizer.vocabulary", 257, 1 << 24), v.OneOf("tokenizer.pattern", "cl100k", "gpt2"), v.Bytes("tokenizer.max-bytes"));
        ModelKeys model = new(
            v.OneOf("model.family", "olmo", "olmo2"), v.Int("model.width", 1), v.Int("model.layers", 1), v.Int("model.heads", 1), v.Int("model.kv-heads", 0), v.Int("model.ffn", 1),
            v.Int("model.vocabulary", 0), v.Number("model.rope-theta", 1, double.PositiveInfinity), v.Number("model.norm-epsilon", 0, 1), v.Number("model.clip-qkv", 0, double.PositiveInfinity),
            v.Flag("model.tied"), v.Number("model.init-std", 0, 10));
        v.Require("model.heads", model.Width % Math.Max(model.Heads, 1) == 0 && model.Width / Math.Max(model.Heads, 1) % 2 == 0, $"a divisor of model.width = {model.Width} that leaves an even head width");
        v.Require("model.kv-heads", model.KvHeads == 0 || model.Heads % model.KvHeads == 0, $"0 or a divisor of model.heads = {model.Heads}");
        BatchKeys batch = new(v.Int("batch.sequence-length", 2), v.Int("batch.groups", 1, 8192), v.Int("batch.sequences-per-group", 1));
        LossKeys loss = new(v.Number("loss.z-loss", 0, 1), v.OneOf("loss.non-finite", "skip", "stop") == "stop");
        OptimizerKeys optimizer = new(
            v.Number("optimizer.learning-rate", 0, 10), v.Number("optimizer.beta1", 0, 1, isMaxIncluded: false), v.Number("optimizer.beta2", 0, 1, isMaxIncluded: false),
            v.Number("optimizer.epsilon", 0, 1), v.Number("optimizer.weight-decay", 0, 10), v.Texts("optimizer.no-decay"), v.Number("optimizer.clip", 0, double.PositiveInfinity));
        ScheduleKeys schedule = new(
            v.OneOf("schedule.kind", "cosine", "linear", "wsd", "constant"), v.Long("schedule.warmup-steps", 0), v.Long("schedule.end-step", 0), v.Number("schedule.final-ratio", 0, 1),
            v.Long("schedule.decay-steps", 0));
        int shards = v.Int("state.shards", 1, 65536);
        ComputeKeys compute = new(v.Int("compute.threads", 0, 4096), v.OneOf("compute.simd", "auto", "avx512", "avx2", "scalar"), v.Int("compute.micro-batch", 0));
        v.Require("compute.micro-batch", compute.MicroBatch <= batch.SequencesPerGroup, $"at most batch.sequences-per-group = {batch.SequencesPerGroup}");
        int lag = v.Int("checkpoint.max-lag", -1);
        CheckpointPolicy checkpoints = new(
            v.Long("checkpoint.interval", 1), v.Int("checkpoint.keep", 1), v.Long("checkpoint.permanent-interval", 0), v.Duration("checkpoint.garbage-grace", TimeSpan.FromMinutes(1)), lag < 0 ? null : lag);
        SupervisionKeys supervision = new(
            new RunPolicy(v.Int("supervision.max-faults", 0), v.Duration("supervision.fault-window", TimeSpan.FromSeconds(1)), v.Int("supervision.max-faults-without-progress", 0)),
            v.Int("supervision.max-loader-restarts", 0), v.Duration("supervision.journal-outage", TimeSpan.FromSeconds(1)));
        TimeSpan busy = v.Duration("journal.busy-timeout", TimeSpan.FromMilliseconds(1));
        long evaluation = v.Long("evaluation.max-tokens", 0);
        SampleKeys sample = new(v.Text("sample.prompt"), v.Int("sample.tokens", 1), v.Number("sample.temperature", 0, 100), v.Number("sample.top-p", 0, 1));
        int interval = v.Int("metrics.log-interval", 1);
        return new Recipe(
            run, data, tokenizer, model, batch, loss, optimizer, schedule, shards, compute, checkpoints, supervision, busy, evaluation, sample, interval,
            NumericSettings(known, resolved), HoconRenderer.ToHocon(resolved));
    }

    private static ImmutableSortedDictionary<string, string> NumericSettings(HoconObject known, HoconObject resolved)
    {
        ImmutableSortedDictionary<string, string>.Builder numeric = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach ((HoconPath key, HoconValue reference) in known.Leaves())
        {
            if (IsNumeric(reference) && resolved.Find(key) is { } value)
            {
                numeric[key.ToString()] = HoconRenderer.ToCanonicalJson(value);
            }
        }

        return numeric.ToImmutable();
    }
}
