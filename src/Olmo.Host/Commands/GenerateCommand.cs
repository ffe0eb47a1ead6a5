using System.CommandLine;
using Olmo.Host.Models;
using Olmo.Model.Generation;
using Olmo.Model.Tensors;

namespace Olmo.Host.Commands;

/// <summary><c>olmo generate FOLDER --prompt TEXT</c>: continues texts with a trained model.</summary>
internal static class GenerateCommand
{
    private const int UsualBatch = 8;

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "A model folder: config.json, model.safetensors, tokenizer.json." };
        Option<string[]> prompt = new("--prompt") { Description = "Text to continue; may be given several times." };
        Option<string?> file = new("--prompts") { Description = "A file of prompts in UTF-8, one a line; blank lines are passed over. FILE.jsonl: a JSON string a line, or an object with \"prompt\" and, if wanted, \"id\"." };
        Option<bool> json = new("--jsonl") { Description = "Writes a JSON object a prompt, in their order: id, prompt, text, tokens, finish (stop, length or context). Without it, lines of several texts take turns as they come, each behind its prompt's number." };
        Option<int> batch = new("--batch") { Description = "Prompts continued side by side, at most: each pass reads the weights once for all of them. No text depends on it.", DefaultValueFactory = _ => UsualBatch };
        Option<int> tokens = new("--tokens") { Description = "New tokens at most.", DefaultValueFactory = _ => 100 };
        Option<double> temperature = new("--temperature") { Description = "0: the likeliest token each time.", DefaultValueFactory = _ => 0.7 };
        Option<int> topK = new("--top-k") { Description = "Draw from the k likeliest; 0: all." };
        Option<double> topP = new("--top-p") { Description = "Draw from the likeliest that have this share together.", DefaultValueFactory = _ => 0.95 };
        Option<long> seed = new("--seed") { Description = "Same seed, same text." };
        Option<int> threads = new("--threads") { Description = "Compute threads; 0: as many as cores." };
        Option<string> weights = new("--weights") { Description = "How weights are held in memory: fp32, bf16 (half the bytes, so about twice the speed), or stored: as in the files.", DefaultValueFactory = _ => "stored" };
        weights.AcceptOnlyFromAmong("fp32", "bf16", "stored");
        Option<string> device = new("--device") { Description = "What computes: cpu, or cuda: the first NVIDIA GPU.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        Command command = new("generate", "Continues texts with a trained model.") { folder, prompt, file, json, batch, tokens, temperature, topK, topP, seed, threads, weights, device };
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

            Request request = new(Prompts(parsed.GetValue(prompt) ?? [], parsed.GetValue(file)), AtLeast("--tokens", parsed.GetValue(tokens), 0), AtLeast("--batch", parsed.GetValue(batch), 1), sampling);
            using LoadedModel model = LoadedModel.Load(parsed.GetRequiredValue(folder), parsed.GetValue(threads), parsed.GetValue(device) == "cuda", TypeOf(parsed.GetValue(weights)));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                WriteJson(model, request, output, cancellationToken);
            }
            else if (request.Prompts is [PromptText one])
            {
                Write(model, one, request, output, cancellationToken);
            }
            else
            {
                WriteLines(model, request, output, cancellationToken);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static IReadOnlyList<PromptText> Prompts(string[] given, string? file)
    {
        List<PromptText> prompts = [.. given.Select((text, i) => new PromptText(text, given.Length == 1 ? "the prompt" : $"prompt {i + 1}"))];
        if (file is not null)
        {
            prompts.AddRange(PromptFile.Read(file));
        }

        return prompts.Count > 0 ? prompts : throw new UsageException("no prompt was given: --prompt TEXT or --prompts FILE is needed");
    }

    private static int AtLeast(string option, int value, int least) => value >= least ? value : throw new UsageException($"{option} {value}: at least {least} is needed");

    private static void Write(LoadedModel model, PromptText prompt, Request request, TextWriter output, CancellationToken cancellationToken)
    {
        output.Write(prompt.Text);
        foreach (string piece in model.Continue(prompt, request.Tokens, request.Sampling, cancellationToken))
        {
            output.Write(piece);
            output.Flush();
        }

        output.WriteLine();
    }

    private static void WriteLines(LoadedModel model, Request request, TextWriter output, CancellationToken cancellationToken)
    {
        LabelledLines lines = new(output, request.Prompts);
        model.ContinueAll(request.Prompts, request.Tokens, request.Sampling, request.Batch, lines.Add, (prompt, _) => lines.End(prompt), cancellationToken);
    }

    private static void WriteJson(LoadedModel model, Request request, TextWriter output, CancellationToken cancellationToken)
    {
        JsonTexts lines = new(output, request.Prompts);
        model.ContinueAll(request.Prompts, request.Tokens, request.Sampling, request.Batch, null, lines.End, cancellationToken);
    }

    private static DType? TypeOf(string? name) => name switch
    {
        "fp32" => DType.F32,
        "bf16" => DType.BF16,
        _ => null,
    };

    private sealed record Request(IReadOnlyList<PromptText> Prompts, int Tokens, int Batch, SamplingSettings Sampling);
}
