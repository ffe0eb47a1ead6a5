namespace Olmo.Data.Instances;

/// <summary>What a global batch holds, known before its forward pass.</summary>
/// <param name="Labels">Labels that are not ignored.</param>
/// <param name="MaskedInstances">Instances that the repetition filter masked.</param>
/// <param name="Instances">Instances of the batch.</param>
/// <param name="SequenceLength">T.</param>
public readonly record struct BatchLabels(long Labels, long MaskedInstances, long Instances, int SequenceLength)
{
    /// <summary>OLMo-core's divisor of the loss: labels, plus T for every masked instance, which so counts as T tokens of loss zero.</summary>
    public long OlmoCoreDivisor => Labels + (MaskedInstances * SequenceLength);
}
