using System.Diagnostics;
using System.Globalization;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;
using Olmo.PeerStep;

// One training step through the rank's own engine - groups, fixed-point sums, announcements, decision, AdamW - on random tokens, for a side-by-side with a peer.
// Prints one JSON line: tokens per second (median over the steps), FLOP/s by 6 N T plus causal attention, the best product of 1,536 x 1,536 of the run (ours or OpenBLAS's, whichever
// is faster), their ratio (MFU), the fastest of the engine's own products, which are short ones too (burst), bytes allocated on the managed heap inside the counted steps by the compute
// threads and by the whole process, peak resident memory.
// Exit code 1: a compute thread allocated, or there is no OpenBLAS to measure against.
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

OlmoConfig config = new()
{
    Family = ModelFamily.Olmo2,
    Width = options.Width,
    Layers = options.Layers,
    Heads = options.Heads,
    KeyHeads = options.Heads,
    HeadWidth = options.Width / options.Heads,
    FeedForward = options.FeedForward,
    Vocabulary = options.Vocabulary,
    ContextLength = options.Sequence,
    ZLossMultiplier = 1e-5,
};
StepSettings settings = new()
{
    Groups = options.Groups,
    SequencesPerGroup = options.Batch,
    SequenceLength = options.Sequence,
    MicroBatchSequences = options.Batch,
    Replicas = 1,
    Optimizer = new AdamWSettings(3e-4),
    Schedule = new ConstantSchedule(),
};
TimeProvider time = TimeProvider.System;
double ownPeak = SquareProduct.Ours(options.Threads, time);
using WorldEngine engine = new(
    0, new OlmoRankSettings("bench", config, settings, 0, options.Threads, SimdWidths.Best, "none", _ => "none", null, 0, _ => ""), time, NoProbe.Instance);
engine.Form(new WorldIdentity(1, 0), null, new NoStore(), CancellationToken.None);
engine.WarmUp(CancellationToken.None);
StepBatch batch = new(options.Groups, options.Batch, options.Sequence, hasDocuments: false);
RandomStream random = new(0, "peer-step");
ulong at = 0;
foreach (GroupBatch group in batch.Groups)
{
    for (int i = 0; i < group.Ids.Length; i++)
    {
        group.Ids[i] = (int)random.Below((ulong)options.Vocabulary, at++);
    }

    group.ShiftLabels();
    batch.LabelCount += group.CountLabels();
}

double[] seconds = new double[options.Steps];
double[] losses = new double[options.WarmUp + options.Steps];
long computeBytes = 0;
long processBytes = 0;
for (int s = 0; s < losses.Length; s++)
{
    batch.Step = engine.Step + 1;
    long computeBefore = engine.AllocatedInSteps;
    long processBefore = GC.GetTotalAllocatedBytes(precise: true);
    long started = time.GetTimestamp();
    StepMeasurement measured = engine.RunStep(batch, CancellationToken.None);
    double took = time.GetElapsedTime(started).TotalSeconds;
    long processAfter = GC.GetTotalAllocatedBytes(precise: true);
    losses[s] = measured.Loss;
    if (s >= options.WarmUp)
    {
        seconds[s - options.WarmUp] = took;
        computeBytes += engine.AllocatedInSteps - computeBefore;
        processBytes += processAfter - processBefore;
    }
}

// Before OpenBLAS is loaded, which takes memory of its own.
long peakBytes;
using (Process self = Process.GetCurrentProcess())
{
    peakBytes = self.PeakWorkingSet64;
}

double burst = engine.PeakFlops;
engine.WarmUp(CancellationToken.None);
burst = Math.Max(burst, engine.PeakFlops);
ownPeak = Math.Max(ownPeak, SquareProduct.Ours(options.Threads, time));
(double Flops, string Core)? openBlas = SquareProduct.OfOpenBlas(options.Threads, time);
double peak = Math.Max(ownPeak, openBlas?.Flops ?? 0);
Array.Sort(seconds);
double median = seconds[seconds.Length / 2];
ParameterList parameters = new(config);
double matrices = parameters.Specs.Where(s => s.Shape.Rank > 1 && s.Layer != 0).Sum(s => s.Shape.Count);
double flops = options.TokensPerStep * ((6.0 * matrices) + (6.0 * options.Layers * options.Width * options.Sequence));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $$"""{"peer": "olmo {{NumericsId.Current}}", "params": {{parameters.Elements}}, "threads": {{options.Threads}}, "tokens_per_s": {{options.TokensPerStep / median:0.0}}, "step_s": {{median:0.0000}}, "gflops": {{flops / median / 1e9:0.0}}, "sgemm_gflops": {{peak / 1e9:0.0}}, "mfu": {{flops / median / peak:0.000}}, "own_gemm_gflops": {{ownPeak / 1e9:0.0}}, "burst_gflops": {{burst / 1e9:0.0}}, "openblas_gflops": {{(openBlas?.Flops ?? 0) / 1e9:0.0}}, "openblas_core": "{{openBlas?.Core ?? "not installed"}}", "gc_bytes_of_compute_threads": {{computeBytes}}, "gc_bytes_of_process": {{processBytes}}, "peak_bytes": {{peakBytes}}, "peak_bytes_per_param": {{peakBytes / (double)parameters.Elements:0.0}}, "losses": [{{string.Join(", ", losses.Select(l => l.ToString("0.00000", CultureInfo.InvariantCulture)))}}]}"""));
if (openBlas is null)
{
    Console.Error.WriteLine("INVALID: OpenBLAS is not installed (libopenblas.so.0), so the best matrix product of this machine is not known: apt-get install libopenblas0-openmp");
}

if (computeBytes != 0)
{
    Console.Error.WriteLine($"FAILED: the compute threads allocated {computeBytes} bytes on the managed heap inside {options.Steps} steps; 0 are allowed");
}

return openBlas is null || computeBytes != 0 ? 1 : 0;
