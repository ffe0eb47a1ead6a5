namespace Olmo.Model.Cuda;

/// <summary>A part of CUDA on this machine.</summary>
/// <param name="Name">The part.</param>
/// <param name="Found">Version and place, or what is wrong and what to install.</param>
/// <param name="IsGood">It can be used.</param>
public sealed record CudaFinding(string Name, string Found, bool IsGood);
