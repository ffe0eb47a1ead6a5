using System.Net.Sockets;

namespace Olmo.Actors.Drills;

/// <summary>A control link that a drill can lose, as <see cref="DrillMeshLink"/> is.</summary>
internal sealed class DrillNetworkStream : NetworkStream
{
    private readonly IDrill _drill;
    private readonly int _losses;
    private readonly ManualResetEventSlim _closed = new();

    private DrillNetworkStream(Socket socket, IDrill drill)
        : base(socket, ownsSocket: false)
    {
        _drill = drill;
        _losses = drill.Losses(DrillLinks.Control);
    }

    private bool IsLost => _drill.Losses(DrillLinks.Control) != _losses;

    /// <summary>An ordinary stream where there is no drill.</summary>
    public static NetworkStream Over(Socket socket, IDrill drill) => drill is NoDrill ? new NetworkStream(socket, ownsSocket: false) : new DrillNetworkStream(socket, drill);

    // A derived stream's span overloads come here, by way of the base class.
    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            while (true)
            {
                int read = base.Read(buffer, offset, count);
                if (!IsLost)
                {
                    return read;
                }

                if (read == 0)
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

    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!IsLost)
        {
            base.Write(buffer, offset, count);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _closed.Set(); // a reader may wait on it still
        base.Dispose(disposing);
    }
}
