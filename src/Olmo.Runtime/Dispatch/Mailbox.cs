using System.Collections.Concurrent;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Dispatch;

/// <summary>
/// The queues of one actor and the loop that empties them: one run at a time, system messages first and between any two user messages,
/// at most <see cref="Dispatcher.Throughput"/> user messages a run. Unstashed messages lie in a stack of the reader, before the queue.
/// </summary>
internal sealed class Mailbox(ActorCell cell, Dispatcher dispatcher, ActivityTracker? activity) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<Envelope> _user = new();
    private readonly ConcurrentQueue<SystemMessage> _system = new();
    private readonly Stack<Envelope> _front = new();
    private int _scheduled;
    private int _suspensions;
    private volatile bool _closed;

    /// <summary>User messages waiting, unstashed ones included; exact only on the actor's own thread.</summary>
    public int Count => _user.Count + _front.Count;

    public bool IsClosed => _closed;

    public bool HasUserMessages => _front.Count > 0 || !_user.IsEmpty;

    private bool HasWork => !_system.IsEmpty || (Volatile.Read(ref _suspensions) == 0 && HasUserMessages);

    public void Enqueue(in Envelope envelope)
    {
        if (!_closed)
        {
            _user.Enqueue(envelope);
            if (!_closed)
            {
                TrySchedule();
                return;
            }

            // Closed meanwhile: whoever takes a message out of the queue answers for it.
            DrainUser();
            return;
        }

        cell.DeadLetter(envelope);
    }

    public void EnqueueSystem(SystemMessage message)
    {
        if (!_closed)
        {
            _system.Enqueue(message);
            if (!_closed)
            {
                TrySchedule();
                return;
            }

            DrainSystem();
            return;
        }

        SystemMessage.AnswerForNobody(message);
    }

    /// <summary>Puts messages before all others, in their order. Only from the actor's own thread.</summary>
    public void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        for (int i = envelopes.Count - 1; i >= 0; i--)
        {
            _front.Push(envelopes[i]);
        }
    }

    /// <summary>Only from the actor's own thread, as is <see cref="Resume"/>.</summary>
    public void Suspend() => Volatile.Write(ref _suspensions, _suspensions + 1);

    public void Resume()
    {
        if (_suspensions > 0)
        {
            Volatile.Write(ref _suspensions, _suspensions - 1);
        }
    }

    /// <summary>Ends the mailbox: what waits, and whatever comes, goes to the dead letters. Only from the actor's own thread.</summary>
    public void Close()
    {
        _closed = true;
        while (_front.TryPop(out Envelope envelope))
        {
            cell.DeadLetter(envelope);
        }

        DrainUser();
        DrainSystem();
    }

    void IThreadPoolWorkItem.Execute()
    {
        ActorCell? before = ActorContextSlot.Enter(cell);
        try
        {
            Run();
        }
        finally
        {
            ActorContextSlot.Leave(before);
            Volatile.Write(ref _scheduled, 0);
            Interlocked.MemoryBarrier();
            if (!_closed && HasWork)
            {
                TrySchedule();
            }

            activity?.End();
        }
    }

    /// <summary>Runs what can be run on the calling thread; false where the mailbox is running elsewhere.</summary>
    internal bool TryRunHere()
    {
        if (Interlocked.CompareExchange(ref _scheduled, 1, 0) != 0)
        {
            return false;
        }

        activity?.Begin();
        ((IThreadPoolWorkItem)this).Execute();
        return true;
    }

    internal void TrySchedule()
    {
        if (Volatile.Read(ref _scheduled) == 0 && Interlocked.CompareExchange(ref _scheduled, 1, 0) == 0)
        {
            activity?.Begin();
            dispatcher.Execute(this);
        }
    }

    private void Run()
    {
        RunSystem();
        for (int left = Dispatcher.Throughput; left > 0 && !_closed && _suspensions == 0; left--)
        {
            if (!_front.TryPop(out Envelope envelope) && !_user.TryDequeue(out envelope))
            {
                return;
            }

            cell.Invoke(envelope);
            RunSystem();
        }
    }

    private void RunSystem()
    {
        while (!_closed && _system.TryDequeue(out SystemMessage? message))
        {
            cell.InvokeSystem(message);
        }
    }

    private void DrainUser()
    {
        while (_user.TryDequeue(out Envelope envelope))
        {
            cell.DeadLetter(envelope);
        }
    }

    private void DrainSystem()
    {
        while (_system.TryDequeue(out SystemMessage? message))
        {
            SystemMessage.AnswerForNobody(message);
        }
    }
}
