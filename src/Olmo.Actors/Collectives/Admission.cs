using System.Net.Sockets;

namespace Olmo.Actors.Collectives;

/// <summary>The connections that one mesh waits for: one from each position above its own.</summary>
internal sealed class Admission(MeshListener listener, MeshIdentity identity, int size) : IDisposable
{
    private readonly object _gate = new(); // Monitor: a thread waits on it
    private readonly Socket?[] _sockets = new Socket?[size];
    private readonly bool[] _claimed = new bool[size];
    private bool _isClosed;

    public MeshIdentity Identity => identity;

    /// <summary>True if a connection of this position may still come.</summary>
    public bool IsAwaited(int from)
    {
        lock (_gate)
        {
            return !_isClosed && from > identity.Self && from < size && !_claimed[from];
        }
    }

    /// <summary>Reserves a position for the connection that has proved the secret; only the first gets it.</summary>
    public bool TryClaim(int from)
    {
        lock (_gate)
        {
            if (_isClosed || _claimed[from])
            {
                return false;
            }

            _claimed[from] = true;
            return true;
        }
    }

    /// <summary>The claimed connection is open, or has broken before it was (null).</summary>
    public void Complete(int from, Socket? socket)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                socket?.Dispose();
                return;
            }

            _sockets[from] = socket;
            _claimed[from] = socket is not null;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Wakes the waiting thread, so that it looks whether the wait of <see cref="WaitAll"/> is over.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until every higher position is connected.</summary>
    /// <returns>The positions that are missing, where the wait is over before.</returns>
    public int[] WaitAll(Func<bool> isOver)
    {
        lock (_gate)
        {
            while (true)
            {
                int[] missing = [.. Enumerable.Range(identity.Self + 1, size - identity.Self - 1).Where(p => _sockets[p] is null)];
                if (missing.Length == 0 || _isClosed || isOver())
                {
                    return missing;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>The sockets by position; they belong to the caller from now on. Later connections of the generation are refused.</summary>
    public Socket?[] Release()
    {
        lock (_gate)
        {
            Socket?[] sockets = [.. _sockets];
            Array.Clear(_sockets);
            return sockets;
        }
    }

    /// <summary>Closes what has not been released.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (Socket? socket in _sockets)
            {
                socket?.Dispose();
            }

            Monitor.PulseAll(_gate);
        }

        listener.Forget(this);
    }
}
