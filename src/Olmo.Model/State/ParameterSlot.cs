namespace Olmo.Model.State;

/// <summary>Where a tensor lies in the layout.</summary>
/// <param name="Index">Place in model order.</param>
/// <param name="Tensor">Name, shape, layer.</param>
/// <param name="FirstElement">Elements of all tensors before it.</param>
/// <param name="FirstChunk">Chunks of all tensors before it.</param>
/// <param name="Chunks">Chunks of the tensor; its last one may be short.</param>
public sealed record ParameterSlot(int Index, ParameterShape Tensor, long FirstElement, int FirstChunk, int Chunks)
{
    public string Name => Tensor.Name;

    public long Elements { get; } = Tensor.Elements;
}
