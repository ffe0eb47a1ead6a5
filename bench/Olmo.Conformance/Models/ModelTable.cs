using Olmo.Model.Compute;
using Olmo.Model.Cpu;

namespace Olmo.Conformance.Models;

/// <summary>Every model of the reference data, imported by <c>olmo import</c>, against what the reference implementation computes; a row each.</summary>
/// <param name="golden">Folders of the reference data.</param>
/// <param name="imported">NAME is the import of each, NAME.back the import of its export.</param>
/// <param name="output">The table.</param>
internal sealed class ModelTable(string golden, string imported, TextWriter output)
{
    /// <summary>Compares.</summary>
    /// <returns>Comparisons within bounds, and all.</returns>
    public (int Within, int Total) Run()
    {
        using ComputePool pool = new(Environment.ProcessorCount);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        Row("model", "type", "logits", "loss", "gradients", "documents", "20 steps", "weights", "in bf16", "accumulated", "generated", "identity");
        (int within, int total) = (0, 0);
        List<string> misses = [];
        foreach (string folder in Directory.EnumerateDirectories(golden).Where(d => File.Exists(Path.Combine(d, "config.json"))).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder);
            using ModelCases cases = new(folder, Path.Combine(imported, name), provider);
            cases.Run();
            Measure identity = new();
            CompareFolders(Path.Combine(imported, name), Path.Combine(imported, name + ".back"), identity);
            Row(
                name, cases.Type, cases.Logits.Error, cases.Loss.Error, cases.Gradients.Error, cases.Documents.Error, cases.Steps.Error, cases.Weights.Error, cases.StepsInBFloat16.Error, cases.Accumulated.Error,
                cases.Generated.Count, identity.Count);
            foreach (Measure measure in (Measure[])[.. cases.All, identity])
            {
                within += measure.Within;
                total += measure.Total;
                misses.AddRange(measure.Misses.Select(m => $"{name} {m}"));
            }
        }

        output.WriteLine("errors: worst of each kind, relative to the number, for tensors to their largest element; documents: attention inside documents;");
        output.WriteLine("in bf16: losses and norms of steps with compute.dtype = bfloat16, unequal micro-batches too; accumulated: unequal micro-batches in fp32");
        misses.ForEach(m => output.WriteLine($"out of bounds: {m}"));
        return (within, total);
    }

    private void Row(params ReadOnlySpan<string> cells)
    {
        int[] widths = [16, 5, 10, 10, 10, 10, 10, 10, 10, 12, 12, 10];
        for (int i = 0; i < cells.Length; i++)
        {
            output.Write(i == 0 ? cells[i].PadRight(widths[i]) : cells[i].PadLeft(widths[i]));
        }

        output.WriteLine();
    }

    private static void CompareFolders(string one, string other, Measure identity)
    {
        string[] names = [.. ((string[])[one, other]).SelectMany(Directory.EnumerateFiles).Select(p => Path.GetFileName(p)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (string name in names.Where(n => n != "model.conf")) // it names its own folder
        {
            (string a, string b) = (Path.Combine(one, name), Path.Combine(other, name));
            identity.AddEqual($"import(export(x)) {name}", File.Exists(a) && File.Exists(b) && File.ReadAllBytes(a).AsSpan().SequenceEqual(File.ReadAllBytes(b)));
        }
    }
}
