using Olmo.Model.Layers;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Views of <see cref="ActivationMemory"/> for a pass of one number of rows.</summary>
internal sealed class ActivationSet
{
    public required int Rows { get; init; }

    public required Tensor Ids { get; init; }

    public required Tensor Positions { get; init; }

    public required Tensor Labels { get; init; }

    public required Tensor DocumentStarts { get; init; }

    public required Tensor Weights { get; init; }

    public required Tensor CrossEntropy { get; init; }

    public required Tensor ZLoss { get; init; }

    public required Tensor LogProbability { get; init; }

    public required NormStatistics FinalStatistics { get; init; }

    /// <summary>Output of the final norm, [rows, d].</summary>
    public required Tensor Normed { get; init; }

    /// <summary>[rows of a tile, V]</summary>
    public required Tensor Logits { get; init; }

    public required Tensor CrossEntropySum { get; init; }

    public required Tensor ZLossSum { get; init; }

    public required BlockActivations[] Blocks { get; init; }

    public required GradientScratch? Scratch { get; init; }

    /// <summary>Output of the embedding.</summary>
    public Activation Embedded => Blocks[0].Input;

    /// <summary>Output of the last block.</summary>
    public Tensor Last => Blocks[^1].Output;
}
