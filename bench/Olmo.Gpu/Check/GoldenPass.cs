using System.Text.Json;
using Olmo.Conformance;
using Olmo.Conformance.Models;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>The case of a model of the reference data that has gradients: what the reference implementation computes in fp64, and what a device does in bf16.</summary>
internal sealed class GoldenPass
{
    private const double ZLoss = 1e-5;
    private readonly string _folder;
    private readonly int[] _ids;
    private readonly int[] _labels;
    private readonly int _length;

    /// <summary>Reads the case.</summary>
    /// <param name="folder">Folder of the model.</param>
    public GoldenPass(string folder)
    {
        _folder = folder;
        JsonElement facts = Golden.Json(Path.Combine(folder, "cases.json"));
        string id = facts.GetProperty("gradient").Text("case");
        using SafetensorsReader cases = SafetensorsReader.Open(Path.Combine(folder, "cases.safetensors"));
        using SafetensorsReader gradients = SafetensorsReader.Open(Path.Combine(folder, "grads.safetensors"));
        _ids = cases.Integers($"{id}.input_ids");
        _labels = cases.Integers($"{id}.labels");
        _length = facts.GetProperty("cases").EnumerateArray().First(c => c.Text("name") == id).GetProperty("seq").GetInt32();
        Reference = new ModelPass(
            cases.Doubles($"{id}.logits_f64"),
            cases.Doubles($"{id}.token_ce_f64"),
            facts.GetProperty("gradient").GetProperty("tensors").EnumerateObject().Where(t => t.Value.GetProperty("stored").GetBoolean())
                .ToDictionary(t => t.Name, t => gradients.Doubles(t.Name), StringComparer.Ordinal));
    }

    /// <summary>The reference's, in fp64: logits, cross-entropies of the tokens, and the gradients that it stores.</summary>
    public ModelPass Reference { get; }

    /// <summary>Computes the case with weights and activations in bf16.</summary>
    public ModelPass InBFloat16(ITensorProvider provider)
    {
        using HuggingFaceFolder model = HuggingFaceFolder.Open(_folder);
        ParameterList parameters = new(model.Parameters.Config with { ZLossMultiplier = ZLoss }, _ => Precision.BFloat16);
        using ResidentWeights weights = new(provider, parameters);
        model.Fill(weights);
        using OlmoModel passes = new(provider, parameters, weights, _ids.Length / _length, _length, GradientStorage.OneLayer);
        float[] logits = new float[(long)_ids.Length * parameters.Config.Vocabulary];
        float[] losses = new float[_ids.Length];
        GradientCopy gradients = new(provider, parameters);
        passes.Logits<float>(new MicroBatch(_ids, _length), logits);
        passes.BeginGroup();
        passes.Evaluate<float>(new MicroBatch(_ids, _length, _labels), losses);
        passes.BeginGroup();
        passes.ForwardBackward(new MicroBatch(_ids, _length, _labels), _labels.Count(l => l != LossHeadPass.IgnoredLabel), isFirst: true, gradients);
        return new ModelPass(logits.Widened(), losses.Widened(), gradients.Values);
    }
}
