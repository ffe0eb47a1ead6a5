using Olmo.Data.Tokenization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Host.Models;

/// <summary>A model folder in memory, ready to continue text.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ComputePool _pool;
    private readonly CpuProvider _provider;
    private readonly PackedWeights _weights;
    private readonly OlmoDecoder _decoder;
    private readonly Tokenizer _tokenizer;
    private readonly TextGenerator _generator;

    private LoadedModel(ComputePool pool, CpuProvider provider, PackedWeights weights, Tokenizer tokenizer, int sequences)
    {
        _pool = pool;
        _provider = provider;
        _weights = weights;
        _tokenizer = tokenizer;
        _decoder = new OlmoDecoder(provider, weights.Parameters, weights, sequences, weights.Parameters.Config.ContextLength);
        _generator = new TextGenerator(
            new TokenGenerator(_decoder), text => tokenizer.Encode(text), ids => tokenizer.Decode([.. ids], skipSpecialTokens: true));
    }

    /// <summary>Tokens that a prompt and its continuation may have together.</summary>
    public int ContextLength => _weights.Parameters.Config.ContextLength;

    /// <summary>Loads a folder with config.json, model.safetensors and tokenizer.json.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="threads">Compute threads; 0: as many as cores.</param>
    /// <param name="weights">How matrices are held: F32, BF16, or null: as in the files.</param>
    /// <param name="sequences">Texts that are continued side by side.</param>
    /// <exception cref="UsageException">Something is missing or broken; the message names the file.</exception>
    public static LoadedModel Load(string folder, int threads, DType? weights = null, int sequences = 1)
    {
        ComputePool? pool = null;
        CpuProvider? provider = null;
        PackedWeights? held = null;
        try
        {
            return ModelFolders.Guard(folder, () =>
            {
                using HuggingFaceFolder files = HuggingFaceFolder.Open(folder);
                Tokenizer tokenizer = Tokenizer.Load(folder);
                pool = new ComputePool(threads > 0 ? threads : Environment.ProcessorCount);
                provider = new CpuProvider(pool, SimdWidths.Best);
                held = files.LoadPacked(provider, weights);
                return new LoadedModel(pool, provider, held, tokenizer, sequences);
            });
        }
        catch
        {
            held?.Dispose();
            provider?.Dispose();
            pool?.Dispose();
            throw;
        }
    }

    /// <summary>Continues a prompt, piece by piece.</summary>
    /// <exception cref="UsageException">The prompt does not fit the context.</exception>
    public IEnumerable<string> Continue(string prompt, int tokens, SamplingSettings sampling, CancellationToken cancellationToken) =>
        _generator.Stream(prompt, Settings([prompt], tokens, sampling), cancellationToken: cancellationToken);

    /// <summary>Continues several prompts side by side; their random numbers are keyed by their place.</summary>
    /// <exception cref="UsageException">A prompt does not fit the context.</exception>
    public IReadOnlyList<string> ContinueAll(IReadOnlyList<string> prompts, int tokens, SamplingSettings sampling, CancellationToken cancellationToken) =>
        _generator.GenerateBatch(prompts, Settings(prompts, tokens, sampling), cancellationToken: cancellationToken);

    // The longest prompt decides how many tokens fit.
    private GenerationSettings Settings(IReadOnlyList<string> prompts, int tokens, SamplingSettings sampling)
    {
        int longest = 0;
        foreach (string prompt in prompts)
        {
            int length = _tokenizer.Encode(prompt).Length;
            if (length == 0 || length >= ContextLength)
            {
                throw new UsageException($"the prompt has {length} tokens; from 1 to {ContextLength - 1} fit this model");
            }

            longest = Math.Max(longest, length);
        }

        return new GenerationSettings
        {
            MaxNewTokens = Math.Min(tokens, ContextLength - longest),
            StopTokens = _tokenizer.EosId is { } eos ? [eos] : [],
            Sampling = sampling,
        };
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _decoder.Dispose();
        _weights.Dispose();
        _provider.Dispose();
        _pool.Dispose();
    }
}
