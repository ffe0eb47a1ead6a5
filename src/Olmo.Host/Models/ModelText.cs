using System.Globalization;
using Olmo.Actors.Ranks;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Host.Models;

/// <summary>A model, and what a world of ranks spends on it, as text. MB are 10^6 bytes.</summary>
internal static class ModelText
{
    /// <summary>Layers with their tensors; blocks that are alike stand there once.</summary>
    /// <param name="parameters">The model.</param>
    /// <param name="sequenceLength">Tokens of a sequence, for the operations of a token.</param>
    /// <param name="output">Where it goes.</param>
    public static void WriteLayers(ParameterList parameters, int sequenceLength, TextWriter output)
    {
        OlmoConfig c = parameters.Config;
        Line(output, $"model       {c.Family switch { ModelFamily.Olmo1 => "OLMo 1", ModelFamily.Olmo2 => "OLMo 2", _ => "OLMo 3" }}, {parameters.Elements:N0} parameters, {parameters.NonEmbeddingElements:N0} of them outside the embedding");
        Line(output, $"            {c.Layers} layers of width {c.Width}, {c.Heads} heads of {c.HeadWidth} over {c.KeyHeads} key heads, hidden {c.FeedForward}, vocabulary {c.Vocabulary}{(c.TiedEmbeddings ? ", tied" : "")}");
        Line(output, $"            {parameters.FlopsPerToken(sequenceLength):N0} FLOP a token in training at {sequenceLength} tokens");
        Line(output, "");
        Line(output, $"{"layer",-8} {"tensor",-52} {"shape",16} {"parameters",16}");
        int blocks = c.Layers;
        foreach (IGrouping<int, ParameterSpec> layer in parameters.Specs.GroupBy(s => s.Layer))
        {
            bool isBlock = layer.Key >= 1 && layer.Key <= blocks;
            if (isBlock && layer.Key > 1)
            {
                continue; // blocks have the same tensors
            }

            string name = isBlock ? (blocks > 1 ? $"1-{blocks}" : "1") : layer.Key.ToString(CultureInfo.InvariantCulture);
            foreach (ParameterSpec spec in layer)
            {
                string tensor = isBlock && blocks > 1 ? spec.Name.Replace("layers.0.", "layers.*.", StringComparison.Ordinal) : spec.Name;
                string times = isBlock && blocks > 1 ? $" x {blocks}" : "";
                Line(output, $"{name,-8} {tensor,-52} {string.Join(" x ", spec.Shape.ToArray()),16} {spec.Shape.Count,16:N0}{times}");
            }
        }
    }

    /// <summary>What each rank of a quiet world holds and sends.</summary>
    /// <param name="parameters">The model.</param>
    /// <param name="step">The step.</param>
    /// <param name="ranks">Ranks.</param>
    /// <param name="replicas">R asked for.</param>
    /// <param name="run">Name of the run, which stands in every frame.</param>
    /// <param name="audits">Whether ranks audit each other.</param>
    /// <param name="device">What ranks compute on.</param>
    /// <param name="output">Where it goes.</param>
    public static void WriteWorld(ParameterList parameters, StepSettings step, int ranks, int replicas, string run, bool audits, DeviceTraits device, TextWriter output)
    {
        ParameterLayout layout = parameters.Layout(step.Shards);
        WorldPlan world = new(ranks, replicas, step.Groups, step.Shards);
        (long activations, long gradients, long rounded) = PretrainProgram.MemoryOf(parameters, step, device);
        Line(output, "");
        Line(output, $"world       {ranks} ranks in {world.Replicas} replicas; {step.Groups} groups of {step.SequencesPerGroup} sequences of {step.SequenceLength}; {step.Shards} shards; passes of {Math.Min(step.MicroBatchSequences, step.SequencesPerGroup)} sequences{(parameters.ActivationType == DType.BF16 ? " in bf16" : "")}{(step.Recomputation == ActivationRecomputation.Blocks ? ", blocks recomputed" : "")}");
        Line(output, "");
        Line(output, $"memory of a rank, MB (the runtime, token files and scratch of kernels left out{(rounded > 0 ? "; weights with the device's copy in bf16" : "")}; in a recovery sums, and state that changes owners, exist twice)");
        Line(output, $"{"rank",-6} {"replica",7} {"weights",10} {"state",10} {"local sums",10} {"own sums",10} {"foreign",10} {"update",10} {"one group",10} {"stage",10} {"buffers",10} {"activations",11} {"gradients",10} {"total",12}");
        for (int r = 0; r < ranks; r++)
        {
            RankMemory m = WorldFootprint.MemoryOf(layout, world, r, run, audits);
            Line(output, $"{r,-6} {world.ReplicaOf(r),7} {Mb(m.WorkingParameters + rounded),10} {Mb(m.OwnedState),10} {Mb(m.LocalSums),10} {Mb(m.OwnSums),10} {Mb(m.ForeignSums),10} {Mb(m.Gradient),10} {Mb(m.GroupSums),10} {Mb(m.Stage),10} {Mb(m.SendBuffer),10} {Mb(activations),11} {Mb(gradients),10} {Mb(m.Total + rounded + activations + gradients),12}");
        }

        Line(output, "");
        Line(output, "sent by a rank in a step, MB (sums at most: they take as few bytes as their values need, usually 4 to 5 of 8)");
        Line(output, $"{"rank",-6} {"groups",7} {"to owners",10} {"exchange",10} {"announced",10} {"parameters",10} {"total",12}");
        for (int r = 0; r < ranks; r++)
        {
            RankTraffic t = WorldFootprint.TrafficOf(layout, world, r, run);
            (int first, int end) = world.GroupsOf(r);
            Line(output, $"{r,-6} {end - first,7} {Mb(t.Contributions),10} {Mb(t.Exchange),10} {Mb(t.Announcements),10} {Mb(t.Parameters),10} {Mb(t.Total),12}");
        }
    }

    private static string Mb(long bytes) => (bytes / 1e6).ToString("N3", CultureInfo.InvariantCulture);

    private static void Line(TextWriter output, FormattableString text) => output.WriteLine(FormattableString.Invariant(text).TrimEnd());

    private static void Line(TextWriter output, string text) => output.WriteLine(text);
}
