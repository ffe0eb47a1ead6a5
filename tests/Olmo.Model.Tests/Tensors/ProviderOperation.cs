namespace Olmo.Model.Tests.Tensors;

/// <summary>An operation with its gradient, written once for every provider.</summary>
/// <param name="Name">For messages and test names.</param>
/// <param name="Run">
/// Makes inputs and outputs on a bench and runs; returns the objective. An output "d" + input is the gradient of the objective by that input; an output
/// X + " in place" must have the bits of X.
/// </param>
/// <param name="Differentiated">Inputs whose gradient the operation gives.</param>
/// <param name="Tolerance">Largest difference of an fp32 provider from fp64, over the output's largest element.</param>
internal sealed record ProviderOperation(string Name, Func<Workbench, double> Run, string[] Differentiated, double Tolerance = 1e-6);
