namespace Olmo.Model.Cuda;

/// <summary>A call of CUDA's driver, its compiler or cuBLASLt failed.</summary>
/// <param name="function">Name of the function.</param>
/// <param name="code">What it returned.</param>
/// <param name="name">Name of that code.</param>
/// <param name="text">What it means, in the library's words.</param>
public sealed class CudaException(string function, int code, string name, string text)
    : Exception($"{function} failed with {name} ({code}): {text}")
{
    /// <summary>Name of the function.</summary>
    public string Function { get; } = function;

    /// <summary>What it returned.</summary>
    public int Code { get; } = code;

    /// <summary>Name of the code.</summary>
    public string Name { get; } = name;
}
