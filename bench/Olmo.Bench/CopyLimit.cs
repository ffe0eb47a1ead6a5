using System.Runtime.Intrinsics;
using Olmo.Model.Compute;

namespace Olmo.Bench;

/// <summary>Plain copying of memory by the threads of a pool: what bounds kernels that compute little. <see cref="ReadLimit"/> is for those that write nothing.</summary>
internal sealed unsafe class CopyLimit(ComputePool pool, long mostBytes) : IDisposable
{
    private const int BlockBytes = 65536;

    private readonly AlignedBuffer _memory = Touched(mostBytes + (2 * BlockBytes));

    /// <summary>What <see cref="Copy"/> moves: whole blocks.</summary>
    public static double CopiedBytes(double bytes) => 2.0 * BlocksOf(bytes / 2) * BlockBytes;

    /// <summary>Reads half of the bytes and writes as many.</summary>
    public void Copy(double bytes)
    {
        nint blocks = BlocksOf(bytes / 2);
        CopyJob job = new() { From = _memory.Pointer<byte>(), To = _memory.Pointer<byte>(blocks * BlockBytes) };
        pool.Run(ref job, blocks);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static nint BlocksOf(double bytes) => Math.Max(1, (nint)Math.Round(bytes / BlockBytes));

    private static AlignedBuffer Touched(long bytes)
    {
        AlignedBuffer buffer = new(bytes);
        for (long at = 0; at < bytes; at += BlockBytes)
        {
            buffer.Span<byte>(at, (int)Math.Min(BlockBytes, bytes - at)).Fill(1);
        }

        return buffer;
    }

    private struct CopyJob : IRangeJob
    {
        public byte* From;
        public byte* To;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint at = from * BlockBytes; at < to * BlockBytes; at += 256)
            {
                for (nint i = at; i < at + 256; i += 64)
                {
                    *(Vector512<byte>*)(To + i) = *(Vector512<byte>*)(From + i);
                }
            }
        }
    }
}
