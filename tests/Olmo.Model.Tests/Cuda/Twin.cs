using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>The same tensor on two devices.</summary>
internal readonly record struct Twin(Tensor Cpu, Tensor Cuda);
