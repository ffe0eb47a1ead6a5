namespace Olmo.Bench;

/// <summary>What a kernel is measured against.</summary>
internal enum KernelLimit
{
    /// <summary>OpenBLAS's product of the same operands.</summary>
    SameProduct,

    /// <summary>The best square product of the run, OpenBLAS's or ours.</summary>
    BestProduct,

    /// <summary>Copying a buffer: as many bytes read and written together.</summary>
    Copy,

    /// <summary>Reading a buffer of as many bytes.</summary>
    Read,
}

/// <summary>One call of a kernel.</summary>
/// <param name="Name">Kernel and shape.</param>
/// <param name="Limit">What it is measured against.</param>
/// <param name="Amount">Floating-point operations, or bytes that must be read and written once.</param>
/// <param name="Work">The call.</param>
internal sealed record KernelCase(string Name, KernelLimit Limit, double Amount, Action Work);
