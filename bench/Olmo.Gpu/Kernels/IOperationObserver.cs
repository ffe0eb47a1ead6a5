namespace Olmo.Gpu.Kernels;

/// <summary>Is given every call of an <see cref="ObservedProvider"/>, and makes it.</summary>
internal interface IOperationObserver
{
    /// <summary>Makes a call.</summary>
    /// <param name="operation">What it is.</param>
    /// <param name="call">Puts it in line on the device; may be called again, as long as the operands live.</param>
    void Run(in Operation operation, Action call);
}
