using Olmo.Conformance.Models;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>Models of the reference data, imported from their Hugging Face folders, against what the reference implementation computes; bounds as in its README, for fp32.</summary>
/// <param name="folder">Folder of the models' folders.</param>
/// <param name="provider">Device.</param>
/// <param name="output">The table.</param>
internal sealed class GoldenCheck(string folder, ITensorProvider provider, TextWriter output)
{
    /// <summary>Folders of the models below a folder.</summary>
    public static IEnumerable<string> ModelsOf(string folder) => Directory.EnumerateDirectories(folder).Where(d => File.Exists(Path.Combine(d, "config.json"))).Order(StringComparer.Ordinal);

    /// <summary>Compares.</summary>
    /// <returns>Values within bounds, and all; a model that could not be run is one that is out.</returns>
    public (int Within, int Total) Run()
    {
        Table table = new(output, 18, 8, 10, 10, 11, 11, 10, 10, 10, 13, 12);
        table.Row("golden model", "type", "logits", "loss", "gradients", "documents", "20 steps", "weights", "in bf16", "accumulated", "generated");
        List<string> misses = [];
        (int within, int total) = (0, 0);
        foreach (string path in ModelsOf(folder))
        {
            string name = Path.GetFileName(path);
            using ModelCases cases = new(path, path, provider);
            string? left = Try(cases.RunPasses) ?? Try(cases.RunTraining);
            string? generation = Try(cases.RunGeneration);
            table.Row(
                name, cases.Type, cases.Logits.Error, cases.Loss.Error, cases.Gradients.Error, cases.Documents.Error, cases.Steps.Error, cases.Weights.Error, cases.StepsInBFloat16.Error,
                cases.Accumulated.Error, cases.Generated.Count);
            foreach (Measure measure in cases.All)
            {
                within += measure.Within;
                total += measure.Total;
                misses.AddRange(measure.Misses.Select(m => $"{name} {m}"));
            }

            if (left is not null)
            {
                total++;
                misses.Add($"{name}: {left}");
            }

            if (generation is not null)
            {
                output.WriteLine($"{name} was not generated with: {generation}");
            }
        }

        misses.ForEach(m => output.WriteLine($"out of bounds: {m}"));
        return (within, total);
    }

    // What the device does not offer is no wrong number.
    private static string? Try(Action part)
    {
        try
        {
            part();
            return null;
        }
        catch (NotSupportedException e)
        {
            return e.Message;
        }
    }
}
