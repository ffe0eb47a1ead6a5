using System.Net;
using System.Net.Sockets;
using Olmo.Actors.Drills;

namespace Olmo.Actors.Collectives;

/// <summary>Opens a mesh over TCP: each rank dials the positions below its own and is dialled by those above.</summary>
public static class TcpMesh
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>Connects with every rank of the generation; returns when all connections are authenticated. Ranks may call it in any order and at any time inside the operation timeout.</summary>
    /// <param name="identity">Which mesh, and as whom.</param>
    /// <param name="endPoints">Listeners by position.</param>
    /// <param name="listener">Own listener; it takes no connections of older generations from now on.</param>
    /// <param name="handler">Takes the messages; they may come before this returns.</param>
    /// <param name="settings">Limits and timeouts; the operation timeout bounds this call.</param>
    /// <param name="sockets">Makes the sockets.</param>
    /// <param name="time">Clock and timers.</param>
    /// <param name="cancellationToken">Ends the attempt from another thread.</param>
    /// <exception cref="MeshException">A listener is gone (<see cref="MeshErrorKind.PeerLost"/>) or refused, or somebody did not come in time (<see cref="MeshErrorKind.Handshake"/>; the
    /// inner <see cref="HandshakeException"/> has the reason).</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IMesh Open(
        MeshIdentity identity,
        IReadOnlyList<IPEndPoint> endPoints,
        MeshListener listener,
        IMeshHandler handler,
        MeshSettings settings,
        ISocketFactory sockets,
        TimeProvider time,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(endPoints);
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(sockets);
        ArgumentNullException.ThrowIfNull(time);
        settings.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(identity.Self, nameof(identity));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(identity.Self, endPoints.Count, nameof(identity));
        if (identity.Secret.Length < MeshIdentity.MinSecretBytes)
        {
            throw new ArgumentException($"the secret has {identity.Secret.Length} bytes; at least {MeshIdentity.MinSecretBytes} are needed", nameof(identity));
        }

        using Admission admission = listener.Expect(identity, endPoints.Count);
        using Attempt attempt = new(admission, settings.Timeouts.Operation, time, cancellationToken);
        Socket?[] dialled = new Socket?[endPoints.Count];
        Socket?[] accepted = [];
        bool isOpen = false;
        try
        {
            for (int peer = 0; peer < identity.Self; peer++)
            {
                dialled[peer] = attempt.Dial(identity, peer, endPoints[peer], sockets);
            }

            int[] missing = admission.WaitAll(() => attempt.IsOver);
            if (missing.Length > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new MeshException(MeshError.At(
                    MeshErrorKind.Handshake, missing[0],
                    $"position {string.Join(", ", missing)} did not connect within {settings.Timeouts.Operation.TotalSeconds} s, the operation timeout"));
            }

            accepted = admission.Release();
            IMeshLink?[] links = [.. dialled.Select((socket, peer) => (socket ?? accepted[peer]) is { } s ? DrillMeshLink.Over(new SocketLink(s, settings.SocketBufferBytes), settings.Drill) : null)];
            IMesh mesh = LinkMesh.Start(identity.Generation, identity.Self, links, handler, settings, time);
            isOpen = true;
            return mesh;
        }
        finally
        {
            if (!isOpen)
            {
                foreach (Socket? socket in dialled.Concat(accepted))
                {
                    socket?.Dispose();
                }
            }
        }
    }

    /// <summary>One call of Open: its deadline and its cancellation close the socket that is being dialled.</summary>
    private sealed class Attempt : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly Admission _admission;
        private readonly TimeSpan _timeout;
        private readonly TimeProvider _time;
        private readonly CancellationToken _cancellationToken;
        private readonly ITimer _timer;
        private readonly CancellationTokenRegistration _registration;
        private readonly ManualResetEventSlim _over = new();
        private Socket? _dialling;

        public Attempt(Admission admission, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
        {
            _admission = admission;
            _timeout = timeout;
            _time = time;
            _cancellationToken = cancellationToken;
            _timer = time.CreateTimer(static state => ((Attempt)state!).Finish(), this, timeout, Timeout.InfiniteTimeSpan);
            _registration = cancellationToken.UnsafeRegister(static state => ((Attempt)state!).Finish(), this);
        }

        public bool IsOver => _over.IsSet;

        public Socket Dial(MeshIdentity identity, int peer, IPEndPoint endPoint, ISocketFactory sockets)
        {
            while (true)
            {
                Socket socket = sockets.Create(endPoint.AddressFamily);
                bool isOpen = false;
                Exception failure;
                try
                {
                    Enter(socket);
                    socket.NoDelay = true;
                    socket.Connect(endPoint);
                    Handshake.Dial(socket, identity, peer);
                    isOpen = Leave();
                    if (isOpen)
                    {
                        return socket;
                    }

                    failure = new IOException("the attempt is over");
                }
                catch (HandshakeException e) when (e.Reason == RefusalReason.Busy)
                {
                    failure = e;
                }
                catch (HandshakeException e)
                {
                    throw new MeshException(MeshError.At(MeshErrorKind.Handshake, peer, e.Message), e);
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && !IsOver)
                {
                    // Its process gave this address while it lived: nobody listens there any more.
                    throw new MeshException(MeshError.At(MeshErrorKind.PeerLost, peer, $"nobody listens on {endPoint}, the address of position {peer}"), e);
                }
                catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
                {
                    failure = e; // its handshake timeout passed because it has not heard of the generation yet, or its pending connections were too many
                }
                finally
                {
                    if (!isOpen)
                    {
                        Leave();
                        socket.Dispose();
                    }
                }

                if (WaitToRetry())
                {
                    _cancellationToken.ThrowIfCancellationRequested();
                    throw new MeshException(
                        MeshError.At(
                            MeshErrorKind.Handshake, peer,
                            $"position {peer} at {endPoint} did not complete a handshake within {_timeout.TotalSeconds} s, the operation timeout; last: {failure.Message}"),
                        failure);
                }
            }
        }

        public void Dispose()
        {
            _registration.Dispose();
            _timer.Dispose();
            _over.Dispose();
        }

        private void Enter(Socket socket)
        {
            lock (_gate)
            {
                _dialling = socket;
                if (_over.IsSet)
                {
                    socket.Dispose();
                }
            }
        }

        /// <returns>False where the attempt is over.</returns>
        private bool Leave()
        {
            lock (_gate)
            {
                _dialling = null;
                return !_over.IsSet;
            }
        }

        /// <returns>True where the attempt is over.</returns>
        private bool WaitToRetry()
        {
            using ManualResetEventSlim due = new();
            using ITimer timer = _time.CreateTimer(_ => due.Set(), null, RetryAfter, Timeout.InfiniteTimeSpan);
            return WaitHandle.WaitAny([_over.WaitHandle, due.WaitHandle]) == 0;
        }

        private void Finish()
        {
            lock (_gate)
            {
                if (_over.IsSet)
                {
                    return;
                }

                _over.Set();
                _dialling?.Dispose();
            }

            _admission.Wake();
        }
    }
}
