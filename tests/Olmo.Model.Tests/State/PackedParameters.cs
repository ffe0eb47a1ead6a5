using System.Collections.Immutable;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.State;

/// <summary>Working parameters without a model: one tensor after the other in a buffer of a provider.</summary>
internal sealed class PackedParameters : IDisposable
{
    private readonly BufferSet _memory;

    public PackedParameters(ITensorProvider provider, ParameterLayout layout)
    {
        BufferPlan plan = new();
        TensorSlot all = plan.Add("parameters", DType.F32, new Shape(layout.Elements));
        _memory = provider.Allocate(plan);
        Working = new WorkingParameters(provider, layout, [.. layout.Tensors.Select(t => _memory[all].View(t.FirstElement, new Shape(t.Elements)))]);
        All = _memory[all];
    }

    public WorkingParameters Working { get; }

    /// <summary>Every element in layout order.</summary>
    public Tensor All { get; }

    public void Fill(Func<int, float> value)
    {
        float[] values = [.. Enumerable.Range(0, (int)All.Count).Select(value)];
        Working.Provider.Write<float>(All, values);
    }

    public void Dispose() => _memory.Dispose();
}
