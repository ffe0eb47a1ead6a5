namespace Olmo.Model.State;

/// <summary>The part of a tensor that a shard file holds: chunks first, first + S, ... of the tensor, one after the other.</summary>
/// <param name="Name">Tensor.</param>
/// <param name="Plane">0 parameters, 1 and 2 moments.</param>
/// <param name="FirstChunk">First chunk, counted inside the tensor.</param>
/// <param name="Chunks">Number of chunks.</param>
/// <param name="Shape">Shape of the whole tensor, as text: <c>1003x72</c>.</param>
/// <param name="Begin">First byte in the data section.</param>
/// <param name="Elements">Elements held.</param>
internal sealed record StoredTensor(string Name, int Plane, int FirstChunk, int Chunks, string Shape, long Begin, long Elements);
