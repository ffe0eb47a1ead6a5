namespace Olmo.Model.Compute;

/// <summary>Work that can be cut into ranges of items. What it computes must not depend on where it is cut or on who runs which range.</summary>
public interface IRangeJob
{
    /// <summary>Does items [from, to). Called at the same time from several threads, with disjoint ranges of any length.</summary>
    /// <param name="from">First item.</param>
    /// <param name="to">One past the last item.</param>
    /// <param name="worker">Who runs it, 0 (the caller of <see cref="ComputePool.Run"/>) to <see cref="ComputePool.Threads"/> - 1: an index for scratch memory.</param>
    void Execute(nint from, nint to, int worker);
}
