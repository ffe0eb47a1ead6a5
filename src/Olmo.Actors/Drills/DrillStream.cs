using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Drills;

/// <summary>A file on its way to the store: the places of the drill are after its first write, which is its header.</summary>
internal sealed class DrillStream(Stream stream, IDrill drill, long step) : Stream
{
    private bool _passed;
    private bool _begun;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => stream.Length;

    public override long Position
    {
        get => stream.Position;
        set => throw new NotSupportedException();
    }

    public override void Flush() => stream.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_begun || _passed || buffer.Length < 16)
        {
            _begun = true;
            stream.Write(buffer);
            return;
        }

        _passed = true;
        stream.Flush();
        drill.Passed(Phases.Put, step);
        if (drill.Strikes(DrillAct.DiskFull, step) is { } full)
        {
            throw new IOException($"the drill's fault {full.Index}: no space left on device", Posix.NoSpaceLeft);
        }

        if (drill.Strikes(DrillAct.FlipShard, step) is null)
        {
            stream.Write(buffer);
            return;
        }

        int half = buffer.Length / 2;
        stream.Write(buffer[..half]);
        stream.WriteByte((byte)(buffer[half] ^ 0x10));
        stream.Write(buffer[(half + 1)..]);
    }
}
