using System.Text.RegularExpressions;

namespace Olmo.Model.Tests.Tensors;

/// <summary>
/// What is built on tensors must run on any provider: outside Cpu, Cuda and Kernels nobody may know addresses, threads, vector widths or kernels. There is no exception: who chooses
/// a provider is the engine of a rank, in another project.
/// </summary>
public sealed partial class ProviderSeamTests
{
    [Theory]
    [InlineData("Tensors")]
    [InlineData("Layers")]
    [InlineData("Models")]
    [InlineData("Optimization")]
    [InlineData("State")]
    [InlineData("Steps")]
    [InlineData("Generation")]
    public void Sources_AboveTheProvider_NameNothingBelowIt(string folder) => Assert.Empty(Named(folder, Below()));

    [Theory]
    [InlineData("Cpu")]
    [InlineData("Cuda")]
    [InlineData("Kernels")]
    public void Sources_BelowTheProvider_AreFoundByTheSameSearch(string folder) => Assert.NotEmpty(Named(folder, Below()));

    [Theory]
    [InlineData("Kernels", "Olmo\\.Model\\.(Steps|State|Models|Layers|Optimization)")]
    [InlineData("Cpu", "Olmo\\.Model\\.(Steps|State|Models|Layers|Optimization)")]
    [InlineData("Cuda", "Olmo\\.Model\\.(Steps|State|Models|Layers|Optimization)")]
    public void Sources_BelowTheProvider_DoNotNameWhoUsesThem(string folder, string pattern) => Assert.Empty(Named(folder, new Regex(pattern)));

    [GeneratedRegex(@"\b(Olmo\.Model\.)?(Kernels|Cpu|Cuda)\.[A-Z]|using Olmo\.Model\.(Kernels|Cpu|Cuda|Compute);|\bunsafe\b|\bfixed \(|\b(CpuProvider|CudaProvider|ComputePool|SimdWidth|AlignedBuffer|NativeMemory)\b")]
    private static partial Regex Below();

    private static List<string> Named(string folder, Regex pattern)
    {
        List<string> named = [];
        string root = Path.Combine(Root(), "src", "Olmo.Model", folder);
        foreach (string path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (pattern.Match(line) is { Success: true } match)
                {
                    named.Add($"{Path.GetRelativePath(root, path)}:{number}: {match.Value}");
                }
            }
        }

        return named;
    }

    private static string Root()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "Olmo.Actors.sln")))
            {
                return d.FullName;
            }
        }

        throw new DirectoryNotFoundException("no Olmo.Actors.sln above the test's folder");
    }
}
