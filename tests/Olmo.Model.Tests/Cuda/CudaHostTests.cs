using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Memory of a GPU: what is written is read again, and what does not fit is refused at once.</summary>
public sealed class CudaHostTests
{
    [CudaFact]
    public void Values_OfEveryType_ComeBack()
    {
        using CudaProvider cuda = new();
        Same<float>(cuda, DType.F32, i => i + 0.5f);
        Same<double>(cuda, DType.F64, i => i + 0.25);
        Same<int>(cuda, DType.I32, i => i - 5);
        Same<long>(cuda, DType.I64, i => i * 10_000_000_000L);
        Same<Half>(cuda, DType.F16, i => (Half)i);
        Same<ushort>(cuda, DType.BF16, i => (ushort)i);
    }

    [CudaFact]
    public void Values_LargerThanWhatTheyGoThrough_ComeBack()
    {
        using CudaProvider cuda = new();
        Tensor tensor = Allocate(cuda, DType.I64, 4_500_001, out BufferSet memory);
        using (memory)
        {
            long[] values = [.. Enumerable.Range(0, 4_500_001).Select(i => i * 3L)];
            long[] read = new long[values.Length];
            cuda.Write<long>(tensor, values);
            cuda.Read<long>(tensor, read);
            Assert.Equal(values, read);
        }
    }

    [CudaFact]
    public void Memory_StartsAsZerosAndIsCopiedAndZeroedInPart()
    {
        using CudaProvider cuda = new();
        Tensor tensor = Allocate(cuda, DType.F32, 11, out BufferSet memory);
        using (memory)
        {
            float[] read = new float[11];
            cuda.Read<float>(tensor, read);
            Assert.Equal(new float[11], read);
            cuda.Write<float>(tensor.View(0, new Shape(4)), [1f, 2f, 3f, 4f]);
            cuda.Copy(tensor.View(1, new Shape(3)), tensor.View(5, new Shape(3)));
            cuda.Zero(tensor.View(0, new Shape(2)));
            cuda.Zero(tensor.View(3, new Shape(0)));
            cuda.Read<float>(tensor, read);
            Assert.Equal([0f, 0f, 3f, 4f, 0f, 2f, 3f, 4f, 0f, 0f, 0f], read);
        }
    }

    [CudaFact]
    public void MainMemory_IsCopiedToAndFromAndReadWhileOthersWork()
    {
        using CudaProvider cuda = new();
        BufferPlan plan = new() { InHostMemory = true };
        TensorSlot slot = plan.Add("staged", DType.F32, new Shape(100));
        using BufferSet staged = cuda.Allocate(plan);
        Tensor tensor = Allocate(cuda, DType.F32, 100, out BufferSet memory);
        using (memory)
        {
            float[] values = [.. Enumerable.Range(0, 100).Select(i => (float)i)];
            float[] read = new float[100];
            cuda.Read<float>(staged[slot], read);
            Assert.Equal(new float[100], read);
            cuda.Write<float>(tensor, values);
            cuda.Copy(tensor, staged[slot]);
            cuda.Zero(tensor);
            cuda.Read<float>(staged[slot], read);
            Assert.Equal(values, read);
            Assert.Equal(values, cuda.View<float>(staged[slot]).ToArray());
            Assert.Contains("[100] lies on the device", Assert.Throws<ArgumentException>(() => cuda.View<float>(tensor).Length).Message);
            cuda.Write<float>(staged[slot].View(0, new Shape(1)), [-1f]);
            cuda.Copy(staged[slot], tensor);
            cuda.Read<float>(tensor, read);
            Assert.Equal(values.Skip(1).Prepend(-1f), read);
            cuda.Zero(staged[slot].View(1, new Shape(98)));
            cuda.Read<float>(staged[slot], read);
            Assert.Equal([-1f, .. new float[98], 99f], read);
        }
    }

    [CudaFact]
    public void Operands_ThatDoNotFit_AreNamed()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.F32, new Shape(4));
        Twin y = pair.Random("y", DType.BF16, new Shape(4));
        Twin z = pair.Random("z", DType.F32, new Shape(5));
        Assert.Contains("'x' F32 [4]", Assert.Throws<ArgumentException>(() => pair.Cuda.Add(x.Cuda, z.Cuda, z.Cuda)).Message);
        Assert.Contains("'y' is BF16; F32 is needed", Assert.Throws<ArgumentException>(() => pair.Cuda.SwiGlu(x.Cuda, y.Cuda, x.Cuda)).Message);
        Assert.Contains("not in the memory of this provider (cuda) but of 'cpu'", Assert.Throws<ArgumentException>(() => pair.Cuda.Zero(x.Cpu)).Message);
        Assert.Contains("seen as bf16", Assert.Throws<ArgumentException>(() => pair.Cuda.Zero(x.Cuda.SeenAsBFloat16())).Message);
        Assert.Contains("4 values of Double", Assert.Throws<ArgumentException>(() => pair.Cuda.Write<double>(x.Cuda, new double[4])).Message);
    }

    [CudaFact]
    public void Memory_ThatWasFreed_IsRefused()
    {
        using CudaProvider cuda = new();
        Tensor tensor = Allocate(cuda, DType.F32, 3, out BufferSet memory);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cuda.Zero(tensor));
    }

    [CudaFact]
    public void Provider_SaysWhatItRunsOn()
    {
        using CudaProvider cuda = new();
        Assert.StartsWith("cuda 0, ", cuda.Device);
        Assert.Matches(@"^cuda .+ sm_\d+ nvrtc \d+\.\d+ cublasLt \d+ kernels [0-9a-f]{16}$", cuda.NumericsId);
        Assert.Throws<CudaNotAvailableException>(() => new CudaProvider(99));
    }

    private static Tensor Allocate(CudaProvider cuda, DType type, int count, out BufferSet memory)
    {
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("t", type, new Shape(count));
        memory = cuda.Allocate(plan);
        return memory[slot];
    }

    private static void Same<T>(CudaProvider cuda, DType type, Func<int, T> value)
        where T : unmanaged
    {
        Tensor tensor = Allocate(cuda, type, 17, out BufferSet memory);
        using (memory)
        {
            T[] values = [.. Enumerable.Range(0, 17).Select(value)];
            T[] read = new T[17];
            cuda.Write<T>(tensor, values);
            cuda.Read<T>(tensor, read);
            Assert.Equal(values, read);
        }
    }
}
