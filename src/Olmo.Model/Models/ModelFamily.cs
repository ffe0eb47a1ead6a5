namespace Olmo.Model.Models;

/// <summary>Architecture of a model.</summary>
public enum ModelFamily
{
    /// <summary>LayerNorm without parameters before each sublayer.</summary>
    Olmo1 = 1,

    /// <summary>RMSNorm on each sublayer's output inside the residual branch, QK-norm.</summary>
    Olmo2 = 2,

    /// <summary>OLMo 2 with sliding windows in some layers.</summary>
    Olmo3 = 3,
}
