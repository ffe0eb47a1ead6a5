namespace Olmo.Model.Optimization;

/// <summary>Overrides of parameter groups that do not fit the model's parameter names.</summary>
public sealed class ParameterGroupException(string message) : Exception(message);
