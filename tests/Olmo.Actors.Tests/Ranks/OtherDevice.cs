using System.Globalization;
using Olmo.Actors.Ranks;
using Olmo.Model.Compute;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>Processors as if they were a device whose bits depend on the sequences of a pass, and that takes no memory ahead.</summary>
internal sealed class OtherDevice : IComputeDevice
{
    private readonly CpuDevice _cpu = new(1, SimdWidths.Best);

    public ITensorProvider Provider => _cpu.Provider;

    public long AllocatedBytes => 0;

    public long ReservedBytes => 0;

    /// <summary>How often it was disposed.</summary>
    public int Disposals { get; private set; }

    public string NumericsIdOf(int sequencesPerPass) => string.Create(CultureInfo.InvariantCulture, $"other, {sequencesPerPass}");

    public void Reserve(long sizeBytes)
    {
    }

    public void ReleaseReserve()
    {
    }

    public void Dispose()
    {
        Disposals++;
        _cpu.Dispose();
    }
}
