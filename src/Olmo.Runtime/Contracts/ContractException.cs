namespace Olmo.Runtime.Contracts;

/// <summary>The list of contracts is wrong: a mistake of the program, found at its start.</summary>
public sealed class ContractException(string problem) : Exception($"contracts: {problem}");
