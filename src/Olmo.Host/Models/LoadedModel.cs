using Olmo.Actors.Ranks;
using Olmo.Data.Tokenization;
using Olmo.Host.Runs;
using Olmo.Model.Compute;
using Olmo.Model.Formats;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Host.Models;

/// <summary>A model folder in memory, ready to continue text.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly IComputeDevice _device;
    private readonly PackedWeights _weights;
    private readonly Tokenizer _tokenizer;

    private LoadedModel(IComputeDevice device, PackedWeights weights, Tokenizer tokenizer)
    {
        _device = device;
        _weights = weights;
        _tokenizer = tokenizer;
    }

    /// <summary>Tokens that a prompt and its continuation may have together.</summary>
    public int ContextLength => _weights.Parameters.Config.ContextLength;

    /// <summary>Loads a folder with config.json, model.safetensors and tokenizer.json.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="threads">Compute threads of processors; 0: as many as cores.</param>
    /// <param name="onGpu">Whether a GPU computes.</param>
    /// <param name="weights">How matrices are held: F32, BF16, or null: as in the files.</param>
    /// <exception cref="UsageException">Something is missing or broken; the message names the file, or what the GPU lacks.</exception>
    public static LoadedModel Load(string folder, int threads, bool onGpu = false, DType? weights = null)
    {
        IComputeDevice? device = null;
        PackedWeights? held = null;
        try
        {
            return ModelFolders.Guard(folder, () =>
            {
                using HuggingFaceFolder files = HuggingFaceFolder.Open(folder);
                Tokenizer tokenizer = Tokenizer.Load(folder);
                device = onGpu ? RunDevice.Open(0, "--device cuda") : new CpuDevice(threads > 0 ? threads : Environment.ProcessorCount, SimdWidths.Best);
                held = files.LoadPacked(device.Provider, weights);
                return new LoadedModel(device, held, tokenizer);
            });
        }
        catch
        {
            held?.Dispose();
            device?.Dispose();
            throw;
        }
    }

    /// <summary>Continues a prompt, piece by piece.</summary>
    /// <exception cref="UsageException">The prompt does not fit the context.</exception>
    public IEnumerable<string> Continue(PromptText prompt, int tokens, SamplingSettings sampling, CancellationToken cancellationToken)
    {
        using OlmoDecoder decoder = Decoder([prompt], tokens, sequences: 1);
        foreach (string piece in Generator(decoder).Stream(prompt.Text, Settings(tokens, sampling), cancellationToken: cancellationToken))
        {
            yield return piece;
        }
    }

    /// <summary>Continues prompts side by side; where one ends, the next takes its place. A text does not depend on what is beside it; its random numbers are keyed by its prompt's place.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="tokens">New tokens of each, at most.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    /// <param name="sequences">Prompts side by side, at most: each pass reads the weights once for all of them, and each takes memory for its keys and values.</param>
    /// <param name="onPiece">Called with (prompt, piece) as text comes; may be null.</param>
    /// <param name="onEnd">Called with (prompt, text) when one has ended.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    /// <exception cref="UsageException">A prompt does not fit the context; nothing was generated.</exception>
    public void ContinueAll(
        IReadOnlyList<PromptText> prompts, int tokens, SamplingSettings sampling, int sequences, Action<int, string>? onPiece, Action<int, ContinuedText> onEnd, CancellationToken cancellationToken)
    {
        using OlmoDecoder decoder = Decoder(prompts, tokens, Math.Min(sequences, prompts.Count));
        Generator(decoder).GenerateBatch(
            [.. prompts.Select(p => p.Text)],
            Settings(tokens, sampling),
            onPiece,
            (prompt, text, sequence) => onEnd(prompt, new ContinuedText(text, sequence.Ids.Length, sequence.Reason)),
            cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _weights.Dispose();
        _device.Dispose();
    }

    // As long as the longest text can get. The last new token is written and not read, so it needs no place.
    private OlmoDecoder Decoder(IReadOnlyList<PromptText> prompts, int tokens, int sequences)
    {
        long longest = 1;
        foreach (PromptText prompt in prompts)
        {
            int length = _tokenizer.Encode(prompt.Text).Length;
            if (length == 0 || length >= ContextLength)
            {
                throw new UsageException($"{prompt.Source}: it has {length} tokens; from 1 to {ContextLength - 1} fit this model");
            }

            longest = Math.Max(longest, length);
        }

        int capacity = (int)Math.Min(longest + Math.Max(tokens, 1) - 1, ContextLength - 1);
        return new OlmoDecoder(_device.Provider, _weights.Parameters, _weights, sequences, capacity);
    }

    private TextGenerator Generator(OlmoDecoder decoder) =>
        new(new TokenGenerator(decoder), text => _tokenizer.Encode(text), ids => _tokenizer.Decode([.. ids], skipSpecialTokens: true));

    private GenerationSettings Settings(int tokens, SamplingSettings sampling) => new()
    {
        MaxNewTokens = tokens,
        StopTokens = _tokenizer.EosId is { } eos ? [eos] : [],
        Sampling = sampling,
    };
}
