using Olmo.Model.Cuda;
using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Formats;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Compiled kernels in a folder.</summary>
public sealed class KernelCacheTests
{
    [Fact]
    public void Code_IsFoundAgainUnlessItsFileIsDamaged()
    {
        using TemporaryFolder folder = new();
        KernelCache cache = new(folder.File("deep/er"));
        byte[] code = [1, 2, 3, 4, 5];
        Assert.Null(cache.Find("a"));
        cache.Keep("a", code);
        Assert.Equal(code, cache.Find("a"));
        string file = Assert.Single(Directory.GetFiles(folder.File("deep/er")));
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^1]);
        Assert.Null(cache.Find("a"));
        File.WriteAllBytes(file, [.. bytes[..^1], 6]);
        Assert.Null(cache.Find("a"));
        File.WriteAllBytes(file, []);
        Assert.Null(cache.Find("a"));
        cache.Keep("a", code);
        Assert.Equal(code, cache.Find("a"));
    }

    [Fact]
    public void Folder_ThatCannotBeWritten_IsDoneWithout()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", [1]);
        KernelCache inAFile = new(Path.Combine(file, "cache"));
        inAFile.Keep("a", [1]);
        Assert.Null(inAFile.Find("a"));
        KernelCache none = new(null);
        none.Keep("a", [1]);
        Assert.Null(none.Find("a"));
    }

    [CudaFact]
    public void Kernels_AreCompiledOnceAndAnewWhereTheirFileIsDamaged()
    {
        using TemporaryFolder folder = new();
        Use(folder);
        string file = Assert.Single(Directory.GetFiles(folder.Path));
        byte[] compiled = File.ReadAllBytes(file);
        DateTime written = File.GetLastWriteTimeUtc(file);
        Use(folder);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(folder.Path))));
        File.WriteAllBytes(file, compiled[..100]);
        Use(folder);
        Assert.True(File.ReadAllBytes(file).Length > 100);
    }

    [CudaFact]
    public void Program_ThatDoesNotCompile_ThrowsWithTheLog()
    {
        Nvrtc compiler = CudaLibraries.Load(NativeLibraries.OfThisMachine()).Nvrtc;
        CudaException e = Assert.Throws<CudaException>(() => compiler.Compile("wrong.cu", "extern \"C\" __global__ void f() { undeclared = 1; }", ["--std=c++17", "--gpu-architecture=sm_90"]));
        Assert.Contains("wrong.cu", e.Message);
        Assert.Contains("undeclared", e.Message);
    }

    private static void Use(TemporaryFolder folder)
    {
        using CudaProvider cuda = new(0, folder.Path);
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("x", DType.F32, new Shape(5));
        using BufferSet memory = cuda.Allocate(plan);
        cuda.Write<float>(memory[slot], [1f, 2f, 3f, 4f, 5f]);
        cuda.Add(memory[slot], memory[slot], memory[slot]);
        float[] read = new float[5];
        cuda.Read<float>(memory[slot], read);
        Assert.Equal([2f, 4f, 6f, 8f, 10f], read);
    }
}
