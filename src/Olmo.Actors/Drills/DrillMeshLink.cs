using Olmo.Actors.Collectives;

namespace Olmo.Actors.Drills;

/// <summary>
/// A link of the data plane that a drill can lose: from then on what is written goes nowhere, nothing arrives, and no end of the other side is seen either, as where the peer's
/// machine lost its power. A link that is made afterwards carries bytes again.
/// </summary>
internal sealed class DrillMeshLink : IMeshLink
{
    private readonly IMeshLink _link;
    private readonly IDrill _drill;
    private readonly int _losses;
    private readonly ManualResetEventSlim _closed = new();

    private DrillMeshLink(IMeshLink link, IDrill drill)
    {
        _link = link;
        _drill = drill;
        _losses = drill.Losses(DrillLinks.Mesh);
    }

    private bool IsLost => _drill.Losses(DrillLinks.Mesh) != _losses;

    /// <summary>The link itself where there is no drill.</summary>
    public static IMeshLink Over(IMeshLink link, IDrill drill) => drill is NoDrill ? link : new DrillMeshLink(link, drill);

    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        if (!IsLost)
        {
            _link.Write(head, payload);
        }
    }

    public void TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (!IsLost)
        {
            _link.TryWrite(bytes);
        }
    }

    public int Read(Span<byte> destination)
    {
        try
        {
            while (true)
            {
                int count = _link.Read(destination);
                if (!IsLost)
                {
                    return count;
                }

                if (count == 0)
                {
                    break;
                }
            }
        }
        catch (IOException) when (IsLost)
        {
            // a reset does not arrive either
        }

        _closed.Wait();
        throw new IOException("the link was closed here");
    }

    public void Close()
    {
        _link.Close();
        _closed.Set();
    }

    public void Dispose()
    {
        _closed.Set();
        _link.Dispose();
        _closed.Dispose();
    }
}
