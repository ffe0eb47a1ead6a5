using System.Globalization;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;

// One training step through the rank's own engine - groups, fixed-point sums, announcements, decision, AdamW - on random tokens, for a side-by-side with a peer.
// Prints one JSON line: tokens per second (median over the steps), FLOP/s by 6 N T plus causal attention, the best matrix product of the run, their ratio (MFU),
// bytes allocated on the managed heap inside steps, peak resident memory over parameters.
Dictionary<string, int> options = new(StringComparer.Ordinal)
{
    ["d"] = 512, ["layers"] = 8, ["heads"] = 8, ["ffn"] = 2048, ["vocab"] = 8192, ["seq"] = 512, ["batch"] = 4, ["threads"] = 2, ["steps"] = 5, ["warmup"] = 1, ["accumulate"] = 4,
};
for (int i = 0; i + 1 < args.Length; i += 2)
{
    string name = args[i].TrimStart('-');
    if (!options.ContainsKey(name))
    {
        Console.Error.WriteLine($"unknown option {args[i]}; known: {string.Join(", ", options.Keys)}");
        return 2;
    }

    options[name] = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
}

int d = options["d"], layers = options["layers"], vocabulary = options["vocab"], sequence = options["seq"], batchSize = options["batch"], groups = options["accumulate"];
OlmoConfig config = new()
{
    Family = ModelFamily.Olmo2, Width = d, Layers = layers, Heads = options["heads"], KeyHeads = options["heads"], HeadWidth = d / options["heads"],
    FeedForward = options["ffn"], Vocabulary = vocabulary, ContextLength = sequence, ZLossMultiplier = 1e-5,
};
StepSettings settings = new()
{
    Groups = groups, SequencesPerGroup = batchSize, SequenceLength = sequence, MicroBatchSequences = batchSize, Replicas = 1,
    Optimizer = new AdamWSettings(3e-4), Schedule = new ConstantSchedule(),
};
TimeProvider time = TimeProvider.System;
using OlmoRankEngine engine = new(
    new OlmoRankSettings("bench", config, settings, 0, options["threads"], SimdWidths.Best, "none", _ => "none", null, 0, _ => ""), time);
engine.Form(new WorldIdentity(1, 0), null, new NoStore(), CancellationToken.None);
engine.WarmUp(CancellationToken.None);
StepBatch batch = new(groups, batchSize, sequence, hasDocuments: false);
RandomStream random = new(0, "peer-step");
ulong at = 0;
foreach (GroupBatch group in batch.Groups)
{
    for (int i = 0; i < group.Ids.Length; i++)
    {
        group.Ids[i] = (int)random.Below((ulong)vocabulary, at++);
    }

    group.ShiftLabels();
    batch.LabelCount += group.CountLabels();
}

double peak = engine.PeakFlops;
List<double> seconds = [];
List<double> losses = [];
long allocated = 0;
for (int s = 0; s < options["warmup"] + options["steps"]; s++)
{
    batch.Step = engine.Step + 1;
    long allocatedBefore = engine.AllocatedInSteps;
    long started = time.GetTimestamp();
    StepMeasurement measured = engine.RunStep(batch, CancellationToken.None);
    double took = time.GetElapsedTime(started).TotalSeconds;
    losses.Add(measured.Loss);
    if (s >= options["warmup"])
    {
        seconds.Add(took);
        allocated += engine.AllocatedInSteps - allocatedBefore;
    }
}

engine.WarmUp(CancellationToken.None);
peak = Math.Max(peak, engine.PeakFlops);
seconds.Sort();
double median = seconds[seconds.Count / 2];
long tokens = (long)groups * batchSize * sequence;
ParameterList parameters = new(config);
double matrices = parameters.Specs.Where(s => s.Shape.Rank > 1 && s.Layer != 0).Sum(s => s.Shape.Count);
double flops = tokens * ((6.0 * matrices) + (6.0 * layers * d * sequence));
using System.Diagnostics.Process self = System.Diagnostics.Process.GetCurrentProcess();
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $$"""{"peer": "olmo {{NumericsId.Current}}", "params": {{parameters.Elements}}, "threads": {{options["threads"]}}, "tokens_per_s": {{tokens / median:0.0}}, "step_s": {{median:0.0000}}, "gflops": {{flops / median / 1e9:0.0}}, "sgemm_gflops": {{peak / 1e9:0.0}}, "mfu": {{flops / median / peak:0.000}}, "gc_bytes_in_steps": {{allocated}}, "peak_bytes_per_param": {{self.PeakWorkingSet64 / (double)parameters.Elements:0.0}}, "losses": [{{string.Join(", ", losses.Select(l => l.ToString("0.00000", CultureInfo.InvariantCulture)))}}]}"""));
return 0;

internal sealed class NoStore : IObjectStore
{
    public PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default) => throw new IOException("this bench stores nothing");

    public Stream OpenRead(string name) => throw new FileNotFoundException("this bench stores nothing", name);

    public long? LengthOf(string name) => null;

    public IReadOnlyList<StoredObject> List(string prefix) => [];

    public void Delete(string name)
    {
    }

    public string SetAside(string name) => throw new FileNotFoundException("this bench stores nothing", name);
}
