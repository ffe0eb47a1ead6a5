using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Tests;

namespace Olmo.Model.Tests.Models;

/// <summary>A model folder of the reference data, on a provider.</summary>
internal sealed class GoldenModel : IDisposable
{
    private readonly string _path;

    public GoldenModel(string name, ITensorProvider provider, Precision? precision = null, double zMultiplier = 1e-5)
    {
        _path = ReferenceData.PathOf("golden", "models", name);
        Provider = provider;
        Folder = HuggingFaceFolder.Open(_path);
        Parameters = new ParameterList(Folder.Parameters.Config with { ZLossMultiplier = zMultiplier }, _ => precision ?? Precision.Single);
        Weights = Folder.Load(provider);
        Cases = SafetensorsReader.Open(Path.Combine(_path, "cases.safetensors"));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_path, "cases.json")));
        Facts = document.RootElement.Clone();
    }

    public ITensorProvider Provider { get; }

    public HuggingFaceFolder Folder { get; }

    public ParameterList Parameters { get; }

    public ResidentWeights Weights { get; }

    public SafetensorsReader Cases { get; }

    public JsonElement Facts { get; }

    public SafetensorsReader OpenFile(string name) => SafetensorsReader.Open(Path.Combine(_path, name));

    public JsonElement OpenJson(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_path, name)));
        return document.RootElement.Clone();
    }

    public OlmoModel Model(int sequences, int length, GradientStorage gradients) =>
        new(Provider, Parameters, Weights, sequences, length, gradients);

    public static int[] Integers(SafetensorsReader file, string name)
    {
        SafetensorsTensor tensor = file.Find(name);
        long[] values = new long[tensor.Elements];
        file.ReadIntegers(tensor, 0, values);
        return Array.ConvertAll(values, v => (int)v);
    }

    public static double[] Doubles(SafetensorsReader file, string name)
    {
        SafetensorsTensor tensor = file.Find(name);
        double[] values = new double[tensor.Elements];
        file.ReadDoubles(tensor, 0, values);
        return values;
    }

    public void Dispose()
    {
        Cases.Dispose();
        Weights.Dispose();
        Folder.Dispose();
    }
}
