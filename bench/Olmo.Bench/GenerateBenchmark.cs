using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>
/// Cached decoding, one sequence: bytes of weights read per token over the bandwidth of reading a buffer of as many bytes with the same threads (<see cref="ReadLimit"/>), in turns; the same of
/// the products alone; and a prompt's rate over that of the best matrix product. Keys and values are not counted, which costs most after the long prompt.
/// </summary>
internal static class GenerateBenchmark
{
    private const int ShortContext = 16;
    private const int LongContext = 512;
    private const int TokensOfTurn = 6;
    private const int Turns = 9;
    private const int PromptTurns = 3;
    private const int PeakTries = 8;

    public static int Run(string[] arguments, TimeProvider time, TextWriter output)
    {
        var options = BenchmarkOptions.Parse(arguments);
        List<string> ratios = [];
        foreach (GenerateCase @case in GenerateCase.All.Where(c => c.Name.Contains(options.Only, StringComparison.Ordinal)))
        {
            foreach (int threads in options.Threads)
            {
                ratios.Add(Measure(@case, threads, options.Width, time, output));
            }
        }

        output.WriteLine($"of the read bandwidth (aim 0.90): {string.Join("; ", ratios)}");
        return 0;
    }

    private static string Measure(GenerateCase @case, int threads, SimdWidth width, TimeProvider time, TextWriter output)
    {
        OlmoConfig config = @case.Config;
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        ParameterList parameters = new(config);
        using PackedWeights weights = Weights(provider, parameters, @case.Type);
        using OlmoDecoder decoder = new(provider, parameters, weights, sequences: 2, config.ContextLength);
        using Products products = new(provider, parameters, weights);
        long embedding = (long)config.Vocabulary * config.Width;
        long read = parameters.Specs.Sum(s => s.Shape.Count) - embedding; // a token reads one row of the embedding
        long bytes = read * @case.Type.SizeBytes();
        using ReadLimit limit = new(pool, bytes, time);

        float[] logits = new float[config.Vocabulary];
        int[] prompt = [.. Enumerable.Range(0, LongContext).Select(i => (i * 7919) % config.Vocabulary)];
        List<double> prompts = [];
        List<double> alone = [];
        (int Slot, int Context, List<double> Seconds)[] tokens = [(0, ShortContext, []), (1, LongContext, [])];
        decoder.Append(0, prompt.AsSpan(0, ShortContext), []);
        for (int turn = 0; turn < Turns; turn++)
        {
            if (turn < PromptTurns)
            {
                decoder.Truncate(1, 0);
                prompts.Add(Seconds(time, () => decoder.Append(1, prompt, logits)) / LongContext);
            }

            foreach ((int slot, int context, List<double> seconds) in tokens)
            {
                for (int i = 0; i < TokensOfTurn; i++)
                {
                    seconds.Add(Seconds(time, () => decoder.Append(slot, prompt.AsSpan(i, 1), logits)));
                    limit.Measure();
                }

                decoder.Truncate(slot, context);
                alone.Add(Seconds(time, products.Run));
            }
        }

        // Per byte: the buffer is as large as the weights, rounded up.
        double fastest = limit.MedianSeconds / limit.Bytes * bytes;
        double best = limit.LeastSeconds / limit.Bytes * bytes;
        double flops = 2.0 * (read - embedding); // the head is for the last token only
        string place = string.Create(CultureInfo.InvariantCulture, $"{@case.Name}, {threads} thread{(threads > 1 ? "s" : "")}");
        string rate = string.Create(CultureInfo.InvariantCulture, $"prompt of {LongContext}: {1 / Median(prompts):F0} tokens/s, {flops / Median(prompts) / Peak(pool, width, time):F2} of the best matrix product");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{place}: {bytes / 1e6:F0} MB a token, read at {bytes / fastest / 1e9:F1} GB/s (best {bytes / best / 1e9:F1}; {limit.Description}); {rate}"));
        foreach ((_, int context, List<double> seconds) in tokens)
        {
            long cached = 2L * config.Layers * config.KeyWidth * (context + (TokensOfTurn / 2)) * sizeof(float);
            string line = Line(string.Create(CultureInfo.InvariantCulture, $"  after {context} tokens: {1 / Median(seconds):F1} tokens/s"), seconds, bytes, fastest, best);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line}; {cached / 1e6:F0} MB of keys and values counted too {fastest * (bytes + cached) / bytes / Median(seconds):F3}"));
        }

        output.WriteLine(Line("  products alone", alone, bytes, fastest, best));
        return string.Create(CultureInfo.InvariantCulture, $"{place} {fastest / Median(tokens[0].Seconds):F2} after {ShortContext}, {fastest / Median(tokens[1].Seconds):F2} after {LongContext}");
    }

    private static string Line(string what, List<double> seconds, long bytes, double fastest, double best) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what}, {bytes / Median(seconds) / 1e9:F1} GB/s: {fastest / Median(seconds):F3} of reading (best over best {best / seconds.Min():F3})");

    // Values of a table: what they are makes no difference, and drawing them all would take most of the time.
    private static PackedWeights Weights(CpuProvider provider, ParameterList parameters, DType type)
    {
        float[] table = new float[65521];
        Initialisation.Fill(parameters.Specs[0], 1, 0, table);
        PackedWeights weights = new(provider, parameters, type);
        weights.Fill((p, first, values) =>
        {
            for (int i = 0; i < values.Length; i += table.Length)
            {
                int from = (int)((first + i + p) % table.Length);
                Span<float> part = values.Slice(i, Math.Min(table.Length, values.Length - i));
                int head = Math.Min(part.Length, table.Length - from);
                table.AsSpan(from, head).CopyTo(part);
                table.AsSpan(0, part.Length - head).CopyTo(part[head..]);
            }
        });
        return weights;
    }

    private static double Seconds(TimeProvider time, Action action)
    {
        long started = time.GetTimestamp();
        action();
        return time.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double Peak(ComputePool pool, SimdWidth width, TimeProvider time)
    {
        using ProductKernels products = new(pool, width, null, []);
        Action square = products.BestSquare(time);
        return ProductKernels.SquareFlops / Enumerable.Range(0, PeakTries).Min(_ => Seconds(time, square));
    }

    /// <summary>All products of a token, one after the other, and nothing else.</summary>
    private sealed class Products : IDisposable
    {
        private readonly CpuProvider _provider;
        private readonly BufferSet _memory;
        private readonly (Tensor X, Tensor Weight, Tensor Y)[] _products;

        public Products(CpuProvider provider, ParameterList parameters, PackedWeights weights)
        {
            _provider = provider;
            int[] matrices = [.. Enumerable.Range(0, parameters.Specs.Length).Where(p => p != parameters.Embedding && parameters.Specs[p].Shape.Rank == 2)];
            BufferPlan plan = new();
            TensorSlot x = plan.Add("x", DType.F32, new Shape(matrices.Max(p => parameters.Specs[p].Shape.Columns)));
            TensorSlot y = plan.Add("y", DType.F32, new Shape(matrices.Max(p => parameters.Specs[p].Shape.Rows)));
            _memory = provider.Allocate(plan);
            _products = [.. matrices.Select(p => (
                _memory[x].View(0, new Shape(1, parameters.Specs[p].Shape.Columns)), weights[p], _memory[y].View(0, new Shape(1, parameters.Specs[p].Shape.Rows))))];
        }

        public void Run()
        {
            foreach ((Tensor x, Tensor weight, Tensor y) in _products)
            {
                _provider.Linear(x, weight, y);
            }
        }

        public void Dispose() => _memory.Dispose();
    }
}
