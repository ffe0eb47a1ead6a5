using System.Runtime.InteropServices;
using Olmo.Model.Cuda;
using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>The parts that operations are made of.</summary>
public sealed unsafe class CudaPartsTests
{
    [CudaTheory]
    [InlineData(ProductKind.Forward)]
    [InlineData(ProductKind.InputGradient)]
    [InlineData(ProductKind.WeightGradient)]
    internal void Product_OfRowsThatLieApart_IsThatOfTheirValues(ProductKind kind)
    {
        const int rows = 3;
        const int inputs = 4;
        const int outputs = 2;
        using Parts parts = new();
        using CudaProducts products = new(parts.Device, parts.Libraries.CublasLt);
        int rightRows = kind == ProductKind.WeightGradient ? rows : outputs;
        Product product = new(kind, rows, inputs, outputs, DType.F32, DType.F32, true) { LeftStride = 8, RightStride = 9, ResultStride = 10 };
        (long resultRows, long resultColumns) = product.Result;
        float[] left = [.. Enumerable.Range(0, rows * 8).Select(i => i + 1f)];
        float[] right = [.. Enumerable.Range(0, rightRows * 9).Select(i => 2f - i)];
        float[] result = [.. Enumerable.Range(0, (int)resultRows * 10).Select(i => i * 0.5f)];
        float[] expected = [.. result];
        for (int r = 0; r < resultRows; r++)
        {
            for (int c = 0; c < resultColumns; c++)
            {
                for (int k = 0; k < product.Depth; k++)
                {
                    float a = kind == ProductKind.WeightGradient ? left[(k * 8) + r] : left[(r * 8) + k];
                    float b = kind == ProductKind.Forward ? right[(c * 9) + k] : right[(k * 9) + c];
                    expected[(r * 10) + c] += a * b;
                }
            }
        }

        ulong target = parts.Send(result);
        products.Multiply(product, parts.Send(left), parts.Send(right), target);
        Assert.Equal(expected, parts.Read<float>(target, result.Length));
    }

    [CudaFact]
    public void Ranges_LieAsKernelsReadThemAndAreSentOnce()
    {
        using Parts parts = new();
        using RangeTable table = new(parts.Device, parts.Staging);
        ChunkRange[] ranges = [new(5, 7, 11, 13), new(6, 1L << 40, 2, ulong.MaxValue)];
        ulong address = table.Find(ranges, mayUpload: true);
        Assert.Equal([5, 7, 11, 13, 6, 1L << 40, 2, -1], parts.Read<long>(address, 8).Select((v, i) => i % 4 == 0 ? (int)v : v));
        Assert.Equal(address, table.Find(ranges, mayUpload: false));
        ChunkRange[] others = [ranges[0], new(6, 1L << 40, 2, 4)];
        Assert.Throws<InvalidOperationException>(() => table.Find(others, mayUpload: false));
        Assert.NotEqual(address, table.Find(others, mayUpload: true));
        Assert.Equal(address, table.Find(ranges, mayUpload: false));
        Assert.Equal(0UL, table.Find([], mayUpload: false));
    }

    [CudaFact]
    public void Scratch_GrowsAndKeepsWhatAGraphUses()
    {
        using Parts parts = new();
        using ScratchMemory scratch = new(parts.Device);
        ulong first = scratch.Take(100, isRecording: false);
        Assert.Equal(0UL, first % 256);
        Assert.Equal(first, scratch.Take(1 << 20, isRecording: true));
        ulong second = scratch.Take(5 << 20, isRecording: false);
        Assert.NotEqual(first, second);
        parts.Device.Driver.Set(first, 1, 1 << 20, parts.Device.Stream); // still there
        parts.Device.Synchronize();
    }

    [CudaFact]
    public void Scratch_ThatDoesNotFit_IsRefusedAndNothingIsFreedTwice()
    {
        using Parts parts = new();
        using ScratchMemory scratch = new(parts.Device);
        scratch.Take(1 << 20, isRecording: false);
        OutOfMemoryException refused = Assert.Throws<OutOfMemoryException>(() => scratch.Take(1L << 50, isRecording: false));
        Assert.StartsWith("The GPU has no room for 1,125,899,906,842,624 bytes: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal("CUDA_ERROR_OUT_OF_MEMORY", Assert.IsType<CudaException>(refused.InnerException).Name);
        Assert.NotEqual(0UL, scratch.Take(100, isRecording: false));
    }

    [CudaFact]
    public void SecondThread_CopiesWhileTheFirstOneWorks()
    {
        using DevicePair pair = new();
        Exception? failure = null;
        Thread second = new(() =>
        {
            try
            {
                Work(pair.Cuda, Memory("second"));
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        Tensor own = Memory("first");
        second.Start();
        Work(pair.Cuda, own);
        second.Join();
        Assert.Null(failure);

        Tensor Memory(string name)
        {
            lock (pair)
            {
                return pair.Allocate(pair.Cuda, name, DType.I32, new Shape(2, 1000));
            }
        }

        static void Work(CudaProvider cuda, Tensor tensor)
        {
            int[] read = new int[1000];
            for (int n = 1; n <= 50; n++)
            {
                int[] values = [.. Enumerable.Range(n, 1000)];
                cuda.Write<int>(tensor.RowRange(0, 1), values);
                cuda.Copy(tensor.RowRange(0, 1), tensor.RowRange(1, 1));
                cuda.Zero(tensor.RowRange(0, 1));
                cuda.Read<int>(tensor.RowRange(1, 1), read);
                Assert.Equal(values, read);
            }
        }
    }

    private sealed class Parts : IDisposable
    {
        private readonly List<ulong> _memory = [];

        public Parts()
        {
            Libraries = CudaLibraries.Load(NativeLibraries.OfThisMachine());
            Device = new CudaDevice(Libraries.Driver, 0);
            Staging = new StagingRing(Device);
        }

        public CudaLibraries Libraries { get; }

        public CudaDevice Device { get; }

        public StagingRing Staging { get; }

        public ulong Send<T>(T[] values)
            where T : unmanaged
        {
            ulong address = Device.Driver.Allocate(values.Length * sizeof(T));
            _memory.Add(address);
            Staging.Send(address, MemoryMarshal.AsBytes<T>(values));
            return address;
        }

        public T[] Read<T>(ulong address, int count)
            where T : unmanaged
        {
            T[] values = new T[count];
            fixed (T* p = values)
            {
                Device.Driver.CopyToHost(p, address, count * sizeof(T), Device.Stream);
                Device.Synchronize();
            }

            return values;
        }

        public void Dispose()
        {
            _memory.ForEach(Device.Driver.Free);
            Staging.Dispose();
            Device.Dispose();
        }
    }
}
