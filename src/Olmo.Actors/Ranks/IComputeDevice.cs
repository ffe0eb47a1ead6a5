using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>What the engine of a rank computes on: a provider with whatever drives it. Made by the compute thread, disposed after every tensor of the provider.</summary>
public interface IComputeDevice : IDisposable
{
    /// <summary>Makes tensors and computes.</summary>
    ITensorProvider Provider { get; }

    /// <summary>Bytes that threads of the device's own allocated on the managed heap since it was made.</summary>
    long AllocatedBytes { get; }

    /// <summary>Bytes of <see cref="Reserve"/> that nobody has taken; 0 where a device takes nothing ahead.</summary>
    long ReservedBytes { get; }

    /// <summary>Version of everything that decides bits on this device.</summary>
    /// <param name="sequencesPerPass">Sequences of one forward and backward pass, which count where sums depend on the rows of a call.</param>
    string NumericsIdOf(int sequencesPerPass);

    /// <summary>Takes memory for a plan of about this size that is allocated later, where that makes the later allocation faster; each call is for one plan.</summary>
    /// <param name="sizeBytes">Bytes of the plan, above 0.</param>
    /// <exception cref="OutOfMemoryException">There is not that much memory.</exception>
    void Reserve(long sizeBytes);

    /// <summary>Gives back what was reserved and not used.</summary>
    void ReleaseReserve();
}
