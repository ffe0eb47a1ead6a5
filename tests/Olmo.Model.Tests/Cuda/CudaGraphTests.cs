using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Operations that are recorded and run again.</summary>
public sealed class CudaGraphTests
{
    [CudaFact]
    public void Graph_RunsItsOperationsAgainOnWhatTensorsHoldThen()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.BF16, new Shape(8, 32));
        Twin w = pair.Random("w", DType.F32, new Shape(16, 32));
        Twin y = pair.Random("y", DType.F32, new Shape(8, 16));
        Twin step = pair.Random("step", DType.F32, new Shape(16, 32));
        void Operations(ITensorProvider provider, Tensor input, Tensor weight, Tensor output, Tensor change)
        {
            provider.Linear(input, weight.SeenAsBFloat16(), output);
            provider.Add(weight, change, weight);
        }

        void OnCuda() => Operations(pair.Cuda, x.Cuda, w.Cuda, y.Cuda, step.Cuda);
        void OnCpu() => Operations(pair.Cpu, x.Cpu, w.Cpu, y.Cpu, step.Cpu);
        OnCuda();
        OnCpu();
        using CudaGraph graph = pair.Cuda.Capture(OnCuda);
        pair.AssertClose(y); // a recording does nothing
        for (int i = 0; i < 3; i++)
        {
            graph.Replay();
            OnCpu();
            pair.AssertClose(y);
            pair.AssertClose(w);
        }

        OnCuda(); // after what the graph wrote
        OnCpu();
        pair.AssertClose(y);
        graph.Replay();
        OnCpu();
        pair.AssertClose(y);
    }

    [CudaFact]
    public void Recording_OfAWait_IsRefusedAndTheProviderWorksOn()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.F32, new Shape(8));
        Assert.Throws<InvalidOperationException>(() => pair.Cuda.Capture(() => pair.ReadCuda(x)));
        Assert.Throws<InvalidOperationException>(() => pair.Cuda.Capture(() => pair.Cuda.Write<float>(x.Cuda, new float[8])));
        pair.Cuda.Zero(x.Cuda);
        Assert.Equal(new float[8], pair.ReadCuda(x));
    }

    [CudaFact]
    public void Timer_MeasuresWhatIsBetween()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.F32, new Shape(100_000));
        using CudaTimer timer = pair.Cuda.CreateTimer();
        timer.Start();
        pair.Cuda.Add(x.Cuda, x.Cuda, x.Cuda);
        Assert.InRange(timer.Stop(), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }
}
