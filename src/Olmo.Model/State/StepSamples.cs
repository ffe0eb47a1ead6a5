namespace Olmo.Model.State;

/// <summary>What a step's loss was given, for the ledger.</summary>
/// <param name="Batch">Number of the batch in the order of the data.</param>
/// <param name="Sequences">Sequences; those of quarantined groups are not among them.</param>
/// <param name="Hash">Sum of the hashes of the sequences.</param>
public readonly record struct StepSamples(long Batch, long Sequences, ulong Hash);
