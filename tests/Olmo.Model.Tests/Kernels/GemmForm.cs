namespace Olmo.Model.Tests.Kernels;

/// <summary>The three transpositions of a matrix multiplication.</summary>
public enum GemmForm
{
    /// <summary>a · bᵀ.</summary>
    Nt,

    /// <summary>a · b.</summary>
    Nn,

    /// <summary>aᵀ · b.</summary>
    Tn,
}
