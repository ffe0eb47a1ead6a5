using Olmo.Model.Cuda;
using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tests.Formats;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Where CUDA's libraries are looked for, on a tree of this test's own.</summary>
public sealed class NativeLibrariesTests
{
    [Fact]
    public void Candidates_AreNamesThenTheNewestVersionThenFoldersInOrder()
    {
        using TemporaryFolder root = new();
        string own = Place(root, "mine/lib/libnvrtc.so.12");
        string older = Place(root, "usr/local/cuda-12.8/lib64/libnvrtc.so.12");
        string newer = Place(root, "usr/local/cuda-13.0/lib64/libnvrtc.so.13");
        string package = Place(root, "opt/app/.venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13");
        string system = Place(root, "usr/lib/python3/dist-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
        Place(root, "usr/local/cuda-13.0/lib64/libcublasLt.so.13");
        NativeLibraries libraries = new($"{root.File("absent")}:{root.File("mine")}", root.Path);

        Assert.Equal(["libnvrtc.so.13", "libnvrtc.so.12", newer, package, own, older, system], libraries.Candidates(CudaComponent.Nvrtc));
    }

    [Fact]
    public void Find_NothingThere_IsNullAndSaysWhereItLooked()
    {
        using TemporaryFolder root = new();
        string folder = Path.GetDirectoryName(Place(root, "usr/lib/x86_64-linux-gnu/libother.so"))!;
        NativeLibraries libraries = new(null, root.Path);
        CudaComponent component = new("A thing", ["libolmo-absent.so.13", "libolmo-absent.so.12"], "install the thing");

        Assert.Null(libraries.Find(component));
        Assert.Equal(
            "CUDA cannot be used on this machine; not found: A thing (libolmo-absent.so.13 or libolmo-absent.so.12: install the thing). "
            + $"Looked for by name and in {folder}; OLMO_CUDA_PATH adds folders.",
            libraries.Describe([component]));
    }

    [Fact]
    public void Components_OfANewerMajorVersionThanTheDriver_AreLeftOut()
    {
        Assert.Equal(["libnvrtc.so.12"], CudaComponent.Nvrtc.ServedBy(12080).FileNames.AsEnumerable());
        Assert.Equal(["libcublasLt.so.13", "libcublasLt.so.12"], CudaComponent.CublasLt.ServedBy(13000).FileNames.AsEnumerable());
    }

    [Fact]
    public void Provider_WithoutAGpu_SaysWhatIsMissing()
    {
        if (CudaDeviceProbe.Obstacle is not null)
        {
            CudaNotAvailableException e = Assert.Throws<CudaNotAvailableException>(() => new CudaProvider());
            Assert.Equal(CudaDeviceProbe.Obstacle, e.Message);
        }
    }

    [Fact]
    public void Inventory_SaysOfEveryPartWhereItIsOrWhatBringsIt()
    {
        IReadOnlyList<CudaFinding> findings = CudaInventory.Look();
        Assert.Equal(["NVIDIA driver", "NVRTC", "cuBLASLt"], findings.Select(f => f.Name));
        Assert.All(findings, f => Assert.Matches(f.IsGood ? @"\(.*lib.*\.so" : "install|but: ", f.Found));
    }

    private static string Place(TemporaryFolder root, string path)
    {
        string full = root.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, []);
        return full;
    }
}
