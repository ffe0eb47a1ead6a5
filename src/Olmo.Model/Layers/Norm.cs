using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>The family's norm: LayerNorm without parameters (OLMo 1) or RMSNorm with a weight.</summary>
internal sealed class Norm(ITensorProvider provider, OlmoConfig config)
{
    private readonly bool _isRms = config.IsReordered;
    private readonly double _epsilon = config.NormEpsilon;

    /// <summary>y = residual + norm(x), in one pass over the rows; only the sum is rounded to y's type. y may be x or the residual. OLMo 2 and 3: their branches end so.</summary>
    public void ForwardOnto(in Tensor residual, in Tensor x, in Tensor weight, in Tensor y, in NormStatistics statistics) =>
        provider.RmsNorm(x, weight, y, statistics.Rstd, _epsilon, residual);

    /// <summary>y = norm(x); y may be x.</summary>
    public void Forward(in Tensor x, in Tensor weight, in Tensor y, in NormStatistics statistics)
    {
        if (_isRms)
        {
            provider.RmsNorm(x, weight, y, statistics.Rstd, _epsilon);
        }
        else
        {
            provider.LayerNorm(x, y, statistics.Mean, statistics.Rstd, _epsilon);
        }
    }

    /// <summary>dx from dy; dx may be dy. The gradient of the weight, where there is one, goes on or starts.</summary>
    public void Backward(
        in Tensor dy, in Tensor x, in Tensor weight, in NormStatistics statistics, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        if (_isRms)
        {
            provider.RmsNormGradient(dy, x, weight, statistics.Rstd, dx, weightGradient, accumulate);
        }
        else
        {
            provider.LayerNormGradient(dy, x, statistics.Mean, statistics.Rstd, dx);
        }
    }
}
