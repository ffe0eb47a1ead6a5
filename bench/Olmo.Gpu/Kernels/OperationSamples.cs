namespace Olmo.Gpu.Kernels;

/// <summary>Counts the calls of each kind and keeps one of each, to be made again and again.</summary>
internal sealed class OperationSamples : IOperationObserver
{
    private readonly Dictionary<(string Name, string Operands), (Operation Operation, Action Call, int Calls)> _samples = [];

    /// <summary>The kinds, in the order of their first calls.</summary>
    public IReadOnlyCollection<(Operation Operation, Action Call, int Calls)> All => _samples.Values;

    /// <inheritdoc/>
    public void Run(in Operation operation, Action call)
    {
        call();
        (string, string) key = (operation.Name, operation.Operands);
        _samples[key] = _samples.TryGetValue(key, out (Operation Operation, Action Call, int Calls) known) ? known with { Calls = known.Calls + 1 } : (operation, call, 1);
    }
}
