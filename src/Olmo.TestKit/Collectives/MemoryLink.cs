using Olmo.Actors.Collectives;

namespace Olmo.TestKit.Collectives;

/// <summary>One rank's end of two pipes.</summary>
internal sealed class MemoryLink(MemoryPipe outgoing, MemoryPipe incoming) : IMeshLink
{
    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload) => outgoing.Write(head, payload);

    public void TryWrite(ReadOnlySpan<byte> bytes) => outgoing.TryWrite(bytes);

    public int Read(Span<byte> destination) => incoming.Read(destination);

    public void Close()
    {
        outgoing.End();
        incoming.Close();
    }

    public void Dispose() => Close();
}
