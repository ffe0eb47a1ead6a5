namespace Olmo.Data.Instances;

/// <summary>A stretch of ids in which a piece of <see cref="Period"/> ids follows itself three or more times.</summary>
/// <param name="Start">First id, counted from 0.</param>
/// <param name="End">Id after the last.</param>
/// <param name="Period">Ids in the repeated piece.</param>
/// <param name="Times">Whole repetitions, (End - Start) div Period.</param>
public readonly record struct RepeatedSequence(int Start, int End, int Period, int Times);
