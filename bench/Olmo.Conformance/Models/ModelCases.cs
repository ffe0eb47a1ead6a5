using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Conformance.Models;

/// <summary>The cases of one model. Bounds are those that the README of the reference data gives for fp32.</summary>
internal sealed class ModelCases : IDisposable
{
    private const double ZLoss = 1e-5;
    private const int LongCase = 33;
    private readonly string _golden;
    private readonly ITensorProvider _provider;
    private readonly HuggingFaceFolder _folder;
    private readonly ParameterList _parameters;
    private readonly ResidentWeights _weights;
    private readonly SafetensorsReader _cases;
    private readonly JsonElement _facts;

    /// <summary>Loads a model.</summary>
    /// <param name="golden">Folder of the reference data.</param>
    /// <param name="imported">What <c>olmo import</c> made of it.</param>
    /// <param name="provider">Computes.</param>
    public ModelCases(string golden, string imported, ITensorProvider provider)
    {
        _golden = golden;
        _provider = provider;
        _folder = HuggingFaceFolder.Open(imported);
        _parameters = new ParameterList(_folder.Parameters.Config with { ZLossMultiplier = ZLoss });
        _weights = new ResidentWeights(provider, _parameters);
        _folder.Fill(_weights);
        _cases = SafetensorsReader.Open(Path.Combine(golden, "cases.safetensors"));
        _facts = Golden.Json(Path.Combine(golden, "cases.json"));
    }

    public string Type => _folder.StoredType?.Name() ?? "mixed";

    public Measure Logits { get; } = new();

    public Measure Loss { get; } = new();

    public Measure Gradients { get; } = new();

    public Measure Documents { get; } = new();

    public Measure Steps { get; } = new();

    public Measure Weights { get; } = new();

    public Measure StepsInBFloat16 { get; } = new();

    public Measure Accumulated { get; } = new();

    public Measure Generated { get; } = new();

    public IEnumerable<Measure> All => [Logits, Loss, Gradients, Documents, Steps, Weights, StepsInBFloat16, Accumulated, Generated];

    /// <summary>Makes every comparison that the reference data has for this model.</summary>
    public void Run()
    {
        RunPasses();
        RunTraining();
        RunGeneration();
    }

    /// <summary>Forward and backward passes.</summary>
    public void RunPasses()
    {
        foreach (JsonElement facts in _facts.GetProperty("cases").EnumerateArray())
        {
            Forward(facts);
        }

        Backward(_facts.GetProperty("gradient"));
        Packed(_facts.GetProperty("packed"));
    }

    /// <summary>Trainings, where the reference data has such.</summary>
    public void RunTraining()
    {
        if (File.Exists(Path.Combine(_golden, "train.json")))
        {
            new TrainingRun(_golden, _folder, _provider).Run("train", groups: 2, microBatch: 1, Steps, Weights);
            new TrainingRun(_golden, _folder, _provider).RunInBFloat16("train", groups: 2, microBatch: 1, StepsInBFloat16);
        }

        if (File.Exists(Path.Combine(_golden, "accum.json")))
        {
            new TrainingRun(_golden, _folder, _provider).Run("accum", groups: 1, microBatch: 2, Accumulated, Accumulated);
            new TrainingRun(_golden, _folder, _provider).Run("accum", groups: 4, microBatch: 2, Accumulated, Accumulated);
            new TrainingRun(_golden, _folder, _provider).RunInBFloat16("accum", groups: 4, microBatch: 2, StepsInBFloat16);
        }
    }

    /// <summary>Greedy generation.</summary>
    public void RunGeneration()
    {
        JsonElement[] cases = [.. Golden.Json(Path.Combine(_golden, "generation.json")).GetProperty("cases").EnumerateArray()];
        using PackedWeights weights = _folder.LoadPacked(_provider); // as olmo generate holds them
        using OlmoDecoder decoder = new(_provider, _parameters, weights, sequences: 2, capacity: 64, maxRows: 8);
        TokenGenerator generator = new(decoder);
        foreach (JsonElement facts in cases)
        {
            JsonElement eos = facts.GetProperty("eos_token_id");
            GenerationSettings settings = new()
            {
                MaxNewTokens = facts.GetProperty("max_new_tokens").GetInt32(),
                StopTokens = eos.ValueKind == JsonValueKind.Null ? [] : [eos.GetInt32()],
                Sampling = SamplingSettings.Greedy with { RepetitionPenalty = facts.GetProperty("repetition_penalty").GetDouble() },
            };
            JsonElement prompt = facts.GetProperty("prompt");
            JsonElement expected = facts.GetProperty("new_ids");
            if (prompt[0].ValueKind != JsonValueKind.Array)
            {
                Generated.AddEqual($"ids of {facts.Text("name")}", expected.Ints().AsSpan().SequenceEqual(generator.Generate(prompt.Ints(), settings).Ids.AsSpan()));
                continue;
            }

            // The reference fills rows that ended with the pad token.
            int pad = facts.GetProperty("pad_token_id").GetInt32();
            IReadOnlyList<GeneratedSequence> rows = generator.GenerateBatch([.. prompt.EnumerateArray().Select(p => p.Ints())], settings);
            int[][] wanted = [.. expected.EnumerateArray().Select(r => r.Ints())];
            for (int r = 0; r < wanted.Length; r++)
            {
                int[] ids = [.. rows[r].Ids, .. Enumerable.Repeat(pad, Math.Max(0, wanted[r].Length - rows[r].Ids.Length))];
                Generated.AddEqual($"ids of {facts.Text("name")}, row {r}", wanted[r].AsSpan().SequenceEqual(ids));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cases.Dispose();
        _weights.Dispose();
        _folder.Dispose();
    }

    private void Forward(JsonElement facts)
    {
        string id = facts.Text("name");
        (int batch, int length) = (facts.GetProperty("batch").GetInt32(), facts.GetProperty("seq").GetInt32());
        int[] ids = _cases.Integers($"{id}.input_ids");
        int[] labels = _cases.Integers($"{id}.labels");
        using OlmoModel model = new(_provider, _parameters, _weights, batch, length, GradientStorage.None);
        float[] logits = new float[(long)ids.Length * _parameters.Config.Vocabulary];
        model.Logits<float>(new MicroBatch(ids, length), logits);
        Logits.AddAll($"{id} logits", _cases.Doubles($"{id}.logits_f64"), logits.Widened(), length > LongCase ? 2e-4 : 1e-4);

        float[] tokens = new float[labels.Length];
        model.BeginGroup();
        model.Evaluate<float>(new MicroBatch(ids, length, labels), tokens);
        (double ce, double z) = model.ReadLoss();
        int valid = facts.GetProperty("n_valid").GetInt32();
        if (valid > 0)
        {
            Loss.AddRelative($"{id} ce", facts.GetProperty("ce_f64").GetDouble(), ce / valid, 2e-6);
            Loss.AddRelative($"{id} z", facts.GetProperty("z_f64").GetDouble(), z / valid, 2e-6);
        }
        else
        {
            Loss.AddEqual($"{id} ce without labels", ce == 0.0 && z == 0.0);
        }
    }

    private void Backward(JsonElement facts)
    {
        string id = facts.Text("case");
        int[] ids = _cases.Integers($"{id}.input_ids");
        int[] labels = _cases.Integers($"{id}.labels");
        JsonElement shape = _facts.GetProperty("cases").EnumerateArray().First(c => c.Text("name") == id);
        (int batch, int length) = (shape.GetProperty("batch").GetInt32(), shape.GetProperty("seq").GetInt32());
        using OlmoModel model = new(_provider, _parameters, _weights, batch, length, GradientStorage.OneLayer);
        GradientCopy gradients = new(_provider, _parameters);
        model.BeginGroup();
        model.ForwardBackward(new MicroBatch(ids, length, labels), labels.Count(l => l != LossHeadPass.IgnoredLabel), isFirst: true, gradients);
        using SafetensorsReader stored = SafetensorsReader.Open(Path.Combine(_golden, "grads.safetensors"));
        double squares = 0.0;
        foreach (ParameterSpec spec in _parameters.Specs)
        {
            double[] actual = gradients.Values[spec.Name];
            JsonElement tensor = facts.GetProperty("tensors").GetProperty(spec.Name);
            double norm = GradientCopy.Norm(actual);
            squares += norm * norm;
            Gradients.AddRelative($"{id} norm of the gradient of {spec.Name}", tensor.GetProperty("norm_f64").GetDouble(), norm, 1e-5);
            if (tensor.GetProperty("stored").GetBoolean())
            {
                Gradients.AddAll($"{id} gradient of {spec.Name}", stored.Doubles(spec.Name), actual, null, 2e-5);
            }
        }

        Gradients.AddRelative($"{id} norm of the gradient", facts.GetProperty("global_norm_f64").GetDouble(), Math.Sqrt(squares), 2e-6);
    }

    private void Packed(JsonElement facts)
    {
        int[] ids = _cases.Integers("packed.input_ids");
        int[] documents = _cases.Integers("packed.doc_ids");
        int[] starts = [.. documents.Select(d => Array.IndexOf(documents, d))];
        int[] labels = [.. ids.Skip(1), LossHeadPass.IgnoredLabel];
        using OlmoModel model = new(_provider, _parameters, _weights, 1, ids.Length, GradientStorage.OneLayer);
        float[] logits = new float[(long)ids.Length * _parameters.Config.Vocabulary];
        model.Logits<float>(new MicroBatch(ids, ids.Length, documentStarts: starts), logits);
        Documents.AddAll("documents logits", _cases.Doubles("packed.logits_f64"), logits.Widened(), 1e-4);
        model.Logits<float>(new MicroBatch(ids, ids.Length), logits);
        Documents.AddAll("documents logits without mask", _cases.Doubles("packed.logits_plain_causal_f64"), logits.Widened(), 1e-4);

        GradientCopy gradients = new(_provider, _parameters);
        int valid = labels.Length - 1;
        model.BeginGroup();
        model.ForwardBackward(new MicroBatch(ids, ids.Length, labels, documentStarts: starts), valid, isFirst: true, gradients);
        Documents.AddRelative("documents ce", facts.GetProperty("ce_labels_across_documents").GetDouble(), model.ReadLoss().CrossEntropy / valid, 2e-6);
        foreach (JsonProperty norm in facts.GetProperty("grad_norms_labels_across_documents").EnumerateObject())
        {
            Documents.AddRelative($"documents norm of the gradient of {norm.Name}", norm.Value.GetDouble(), GradientCopy.Norm(gradients.Values[norm.Name]), 1e-5);
        }
    }
}
