namespace Olmo.Model.Tensors;

/// <summary>New rows of one sequence in a pass of generation.</summary>
/// <param name="Slot">Sequence of the cache.</param>
/// <param name="FirstRow">First of its rows in the pass.</param>
/// <param name="Rows">Number of its rows.</param>
/// <param name="FirstPosition">Position of the first: the keys that are already there.</param>
public readonly record struct CacheSegment(int Slot, int FirstRow, int Rows, int FirstPosition);
