using System.Globalization;
using System.Runtime.Intrinsics;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>
/// Cached decoding, one sequence, of a model with at least 500 MB of weights: bytes of weights read per token over the bandwidth of reading a buffer of as many bytes with the same threads,
/// in turns; and a prompt's rate over that of the best matrix product. The last line has both.
/// </summary>
internal static unsafe class GenerateBenchmark
{
    private const int Prompt = 512;
    private const int TokensOfTurn = 8;
    private const int Turns = 9;
    private const int PeakSize = 2048;

    private static readonly OlmoConfig Config = new()
    {
        Family = ModelFamily.Olmo2,
        Width = 1024,
        Layers = 12,
        Heads = 16,
        KeyHeads = 16,
        HeadWidth = 64,
        FeedForward = 2816,
        Vocabulary = 16384,
        ContextLength = 1024,
    };

    public static int Run(string[] arguments, TimeProvider time, TextWriter output)
    {
        var options = BenchmarkOptions.Parse(arguments);
        string last = "";
        foreach (DType type in (DType[])[DType.F32, DType.BF16])
        {
            foreach (int threads in options.Threads)
            {
                last = Measure(threads, type, options.Width, time, output);
            }
        }

        output.WriteLine(last);
        return 0;
    }

    private static string Measure(int threads, DType type, SimdWidth width, TimeProvider time, TextWriter output)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        ParameterList parameters = new(Config);
        using PackedWeights weights = new(provider, parameters, type);
        weights.Fill((p, first, values) => Initialisation.Fill(parameters.Specs[p], 1, first, values));
        using OlmoDecoder decoder = new(provider, parameters, weights, sequences: 1, Config.ContextLength);
        long embedding = (long)Config.Vocabulary * Config.Width;
        long read = parameters.Specs.Sum(s => s.Shape.Count) - embedding; // a token reads one row of the embedding
        long bytes = read * type.SizeBytes();
        using AlignedBuffer buffer = new(bytes);
        new Span<byte>(buffer.Pointer<byte>(), checked((int)bytes)).Fill(1);

        float[] logits = new float[Config.Vocabulary];
        int[] prompt = [.. Enumerable.Range(0, Prompt).Select(i => (i * 7919) % Config.Vocabulary)];
        List<double> prompts = [];
        List<double> tokens = [];
        List<double> reads = [];
        for (int turn = 0; turn < Turns; turn++)
        {
            decoder.Truncate(0, 0);
            long started = time.GetTimestamp();
            decoder.Append(0, prompt, logits);
            prompts.Add(time.GetElapsedTime(started).TotalSeconds / Prompt);
            for (int i = 0; i < TokensOfTurn; i++)
            {
                int next = Array.IndexOf(logits, logits.Max());
                started = time.GetTimestamp();
                decoder.Append(0, [next], logits);
                tokens.Add(time.GetElapsedTime(started).TotalSeconds);
                started = time.GetTimestamp();
                ReadAll(pool, buffer, bytes / sizeof(float));
                reads.Add(time.GetElapsedTime(started).TotalSeconds);
            }
        }

        double token = Median(tokens);
        double limit = Median(reads);
        double peak = Peak(provider, time);
        double flops = 2.0 * (read - embedding); // the head is for the last token only
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} threads, {bytes / 1e6:F0} MB of {type} weights a token: {1 / token:F1} tokens/s, {bytes / token / 1e9:F1} GB/s of {bytes / limit / 1e9:F1} GB/s ({limit / token:F2}, aim 0.90); prompt of {Prompt}: {1 / Median(prompts):F0} tokens/s, {flops / Median(prompts) / peak:F2} of the best matrix product");
        output.WriteLine(line);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  best of {tokens.Count}: token {tokens.Min() * 1e3:F1} ms, read {reads.Min() * 1e3:F1} ms ({reads.Min() / tokens.Min():F2})"));
        return line;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double Peak(CpuProvider provider, TimeProvider time)
    {
        BufferPlan plan = new();
        TensorSlot a = plan.Add("a", DType.F32, new Shape(PeakSize, PeakSize));
        TensorSlot b = plan.Add("b", DType.F32, new Shape(PeakSize, PeakSize));
        TensorSlot c = plan.Add("c", DType.F32, new Shape(PeakSize, PeakSize));
        using BufferSet memory = provider.Allocate(plan);
        double best = double.MaxValue;
        for (int i = 0; i < 8; i++)
        {
            long started = time.GetTimestamp();
            provider.Linear(memory[a], memory[b], memory[c]);
            best = Math.Min(best, time.GetElapsedTime(started).TotalSeconds);
        }

        return 2.0 * PeakSize * PeakSize * PeakSize / best;
    }

    private static void ReadAll(ComputePool pool, AlignedBuffer buffer, long count)
    {
        ReadJob job = new() { Values = buffer.Pointer<float>() };
        pool.Run(ref job, (nint)(count / ReadJob.Block), 64); // 1 MiB at a time
    }

    private struct ReadJob : IRangeJob
    {
        public const int Block = 4096;

        public float* Values;

        public readonly void Execute(nint from, nint to, int worker)
        {
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
            float* end = Values + (to * Block);
            for (float* p = Values + (from * Block); p < end; p += 64)
            {
                s0 += Vector512.Load(p);
                s1 += Vector512.Load(p + 16);
                s2 += Vector512.Load(p + 32);
                s3 += Vector512.Load(p + 48);
            }

            if (Vector512.LessThanAny(s0 + s1 + s2 + s3, default))
            {
                throw new InvalidOperationException("the buffer holds positive numbers");
            }
        }
    }
}
