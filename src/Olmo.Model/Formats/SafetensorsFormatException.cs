namespace Olmo.Model.Formats;

/// <summary>A file is not the safetensors file that it should be; the message names file, tensor, value and limit.</summary>
/// <param name="file">The file.</param>
/// <param name="tensor">The tensor, or null where the fault is not in one.</param>
/// <param name="problem">What is wrong, as the rest of a sentence.</param>
/// <param name="inner">Cause.</param>
public sealed class SafetensorsFormatException(string file, string? tensor, string problem, Exception? inner = null)
    : Exception(tensor is null ? $"{file}: {problem}" : $"{file}: tensor '{tensor}' {problem}", inner)
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>The tensor, or null where the fault is not in one.</summary>
    public string? Tensor { get; } = tensor;
}
