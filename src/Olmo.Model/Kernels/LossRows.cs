namespace Olmo.Model.Kernels;

/// <summary>Pointers and scalars of the loss head for a block of rows. Null pointers switch an output off.</summary>
internal unsafe struct LossRows
{
    /// <summary>Label of a row that has no loss.</summary>
    public const int Ignored = -100;

    /// <summary>[rows, vocabulary], rows <see cref="RowStride"/> floats apart; replaced by its gradient in the backward pass.</summary>
    public float* Logits;

    /// <summary>Floats between rows of the logits.</summary>
    public nint RowStride;

    /// <summary>Columns of the softmax, padding rows of the embedding included.</summary>
    public nint Vocabulary;

    /// <summary>[rows], inside [0, vocabulary) or <see cref="Ignored"/>.</summary>
    public int* Labels;

    /// <summary>[rows], weight of each row's loss; null for 1.</summary>
    public float* Weights;

    /// <summary>1 / N, N the loss divisor of the global batch; a factor of the gradient only.</summary>
    public float InverseDivisor;

    /// <summary>Multiplier of lse^2.</summary>
    public float ZMultiplier;

    /// <summary>[rows], written: weight * (lse - logit of the label), nats; 0 where ignored. Not divided by N.</summary>
    public float* CrossEntropy;

    /// <summary>[rows], written: weight * ZMultiplier * lse^2; 0 where ignored. Not divided by N.</summary>
    public float* ZLoss;

    /// <summary>[rows], written: logit of the label - lse, nats, without the weight; 0 where ignored.</summary>
    public float* LogProbability;

    /// <summary>[rows], written: lse; 0 where ignored.</summary>
    public float* LogSumExp;
}
