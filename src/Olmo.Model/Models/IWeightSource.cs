namespace Olmo.Model.Models;

/// <summary>
/// Where a pass takes its weights from. A layer's weights are acquired before it runs and released after, so that they may be gathered or brought from slower
/// memory; today they are resident. The indexer gives weights of acquired layers.
/// </summary>
public interface IWeightSource : IParameterTensors
{
    /// <summary>Makes the weights of a layer usable. A tied embedding is acquired as layer 0.</summary>
    void Acquire(int layer);

    /// <summary>Says that a layer's weights are not needed until the next <see cref="Acquire"/>.</summary>
    void Release(int layer);
}
