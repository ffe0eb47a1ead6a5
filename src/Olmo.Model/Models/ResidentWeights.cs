using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>All weights of a model in a provider's memory for as long as this lives, in their master type.</summary>
public sealed class ResidentWeights : IWeightSource, IDisposable
{
    private readonly BufferSet _memory;
    private readonly Tensor[] _tensors;

    /// <summary>Takes the memory; values are 0.</summary>
    /// <exception cref="NotSupportedException">The provider does not offer the types of a parameter.</exception>
    public ResidentWeights(ITensorProvider provider, ParameterList parameters)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(parameters);
        Provider = provider;
        Parameters = parameters;
        BufferPlan plan = new();
        foreach (ParameterSpec spec in parameters.Specs)
        {
            spec.Precision.ThrowIfNotOffered(provider, spec.Name);
        }

        TensorSlot[] slots = [.. parameters.Specs.Select(s => plan.Add(s.Name, s.Precision.Master, s.Shape))];
        _memory = provider.Allocate(plan);
        _tensors = [.. slots.Select(s => _memory[s])];
    }

    /// <summary>Provider whose memory it is.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>The parameters.</summary>
    public ParameterList Parameters { get; }

    /// <inheritdoc/>
    public Tensor this[int parameter] => _tensors[parameter];

    /// <inheritdoc/>
    public void Acquire(int layer)
    {
    }

    /// <inheritdoc/>
    public void Release(int layer)
    {
    }

    /// <summary>The same memory as the step engine sees it.</summary>
    /// <param name="layout">A layout of the same parameters.</param>
    /// <exception cref="ArgumentException">The layout is of another model.</exception>
    public WorkingParameters Working(ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (!layout.Tensors.Select(t => t.Name).SequenceEqual(Parameters.Specs.Select(s => s.Name), StringComparer.Ordinal))
        {
            throw new ArgumentException("The layout does not list this model's parameters.", nameof(layout));
        }

        return new WorkingParameters(Provider, layout, [.. _tensors]);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _memory.Dispose();
}
