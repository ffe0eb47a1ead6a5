using System.CommandLine;
using Olmo.Host.Models;
using Olmo.Model.Generation;
using Olmo.Model.Tensors;

namespace Olmo.Host.Commands;

/// <summary><c>olmo generate FOLDER --prompt TEXT</c>: continues a text with a trained model.</summary>
internal static class GenerateCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "A model folder: config.json, model.safetensors, tokenizer.json." };
        Option<string[]> prompt = new("--prompt") { Description = "Text to continue; given several times: all side by side, each pass reading the weights once for all, written when all have ended.", Required = true };
        Option<int> tokens = new("--tokens") { Description = "New tokens at most.", DefaultValueFactory = _ => 100 };
        Option<double> temperature = new("--temperature") { Description = "0: the likeliest token each time.", DefaultValueFactory = _ => 0.7 };
        Option<int> topK = new("--top-k") { Description = "Draw from the k likeliest; 0: all." };
        Option<double> topP = new("--top-p") { Description = "Draw from the likeliest that have this share together.", DefaultValueFactory = _ => 0.95 };
        Option<long> seed = new("--seed") { Description = "Same seed, same text." };
        Option<int> threads = new("--threads") { Description = "Compute threads; 0: as many as cores." };
        Option<string> weights = new("--weights") { Description = "How weights are held in memory: fp32, bf16 (half the bytes, so about twice the speed), or stored: as in the files.", DefaultValueFactory = _ => "stored" };
        weights.AcceptOnlyFromAmong("fp32", "bf16", "stored");
        Command command = new("generate", "Continues a text with a trained model.") { folder, prompt, tokens, temperature, topK, topP, seed, threads, weights };
        command.SetAction((parsed, cancellationToken) =>
        {
            SamplingSettings sampling = new()
            {
                Temperature = parsed.GetValue(temperature),
                TopK = parsed.GetValue(topK),
                TopP = parsed.GetValue(topP),
                Seed = (ulong)parsed.GetValue(seed),
            };
            try
            {
                sampling.Validate();
            }
            catch (ArgumentException e)
            {
                throw new UsageException(e.Message);
            }

            string[] prompts = parsed.GetRequiredValue(prompt);
            using LoadedModel model = LoadedModel.Load(parsed.GetRequiredValue(folder), parsed.GetValue(threads), TypeOf(parsed.GetValue(weights)), prompts.Length);
            Write(model, prompts, parsed.GetValue(tokens), sampling, parsed.InvocationConfiguration.Output, cancellationToken);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static void Write(LoadedModel model, string[] prompts, int tokens, SamplingSettings sampling, TextWriter output, CancellationToken cancellationToken)
    {
        if (prompts is [string one])
        {
            output.Write(one);
            foreach (string piece in model.Continue(one, tokens, sampling, cancellationToken))
            {
                output.Write(piece);
                output.Flush();
            }

            output.WriteLine();
            return;
        }

        IReadOnlyList<string> texts = model.ContinueAll(prompts, tokens, sampling, cancellationToken);
        for (int i = 0; i < prompts.Length; i++)
        {
            output.WriteLine($"[{i + 1}] {prompts[i]}{texts[i]}");
        }
    }

    private static DType? TypeOf(string? name) => name switch
    {
        "fp32" => DType.F32,
        "bf16" => DType.BF16,
        _ => null,
    };
}
