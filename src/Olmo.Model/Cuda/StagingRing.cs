namespace Olmo.Model.Cuda;

/// <summary>
/// Page-locked memory through which values of the host go to the device: the caller's memory is free again when <see cref="Send"/> returns, and nobody waits for the stream unless the
/// ring is full. Safe for several threads.
/// </summary>
internal sealed unsafe class StagingRing : IDisposable
{
    private const int Pieces = 4;
    private const int PieceBytes = 4 << 20;

    private readonly Lock _gate = new();
    private readonly CudaDevice _device;
    private readonly ulong _memory;
    private readonly nint[] _sent;
    private int _next;

    /// <summary>Takes the memory.</summary>
    public StagingRing(CudaDevice device)
    {
        _device = device;
        device.Enter();
        _memory = device.Driver.AllocateHost((long)Pieces * PieceBytes);
        _sent = [.. Enumerable.Range(0, Pieces).Select(_ => device.Driver.CreateEvent(isTimed: false))];
    }

    /// <summary>Puts a copy to the device in line.</summary>
    public void Send(ulong destination, ReadOnlySpan<byte> values)
    {
        lock (_gate)
        {
            for (int from = 0; from < values.Length; from += PieceBytes)
            {
                ReadOnlySpan<byte> piece = values.Slice(from, Math.Min(PieceBytes, values.Length - from));
                byte* room = (byte*)_memory + ((long)_next * PieceBytes);
                _device.Driver.SynchronizeEvent(_sent[_next]);
                piece.CopyTo(new Span<byte>(room, PieceBytes));
                _device.Driver.CopyToDevice(destination + (ulong)from, room, piece.Length, _device.Stream);
                _device.Driver.Record(_sent[_next], _device.Stream);
                _next = (_next + 1) % Pieces;
            }
        }
    }

    /// <summary>Frees the memory; the stream must be done and the device's context current.</summary>
    public void Dispose()
    {
        foreach (nint sent in _sent)
        {
            _device.Driver.DestroyEvent(sent);
        }

        _device.Driver.FreeHost(_memory);
    }
}
