using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence;

public abstract partial class Eventsourced
{
    private const int ReplayBatch = 500;
    private readonly RecoveryPermits.Session _session = new();
    private long _highest;
    private long _replayTo;
    private long _replayLeft;

    private TimeSpan RecoveryTimeout => Settings.GetTimeSpan("akka.persistence.journal-plugin-fallback.recovery-event-timeout", TimeSpan.FromSeconds(30));

    /// <summary>Permit, claim, snapshot. The claim comes before anything is read: no write of an earlier incarnation can land after it.</summary>
    private void StartRecovery()
    {
        _claim = new JournalClaim(PersistenceId ?? throw new ArgumentException($"[{Self.Path}]: PersistenceId is null"), _services.Fence, _instance) { Lease = _services.Lease };
        RecoveryPermits permits = Cell.SystemImpl.Extension(s => new RecoveryPermits(Math.Max(1, s.Settings.Config.GetInt("akka.persistence.max-concurrent-recoveries", 50))));
        OpenAsync(permits, _claim, Recovery, RecoveryTimeout, Time).PipeTo(Self, Self, opened => opened, e => new RecoveryFailed(_instance, e));
    }

    private async Task<RecoveryOpened> OpenAsync(RecoveryPermits permits, JournalClaim claim, Recovery recovery, TimeSpan timeout, TimeProvider time)
    {
        if (!await permits.EnterAsync(_session).ConfigureAwait(false))
        {
            throw new OperationCanceledException("the actor has ended");
        }

        long highest = await InTime(_services.Store.ClaimAsync(claim, CancellationToken.None), "the claim", timeout, time).ConfigureAwait(false);
        SnapshotOffer? offer = null;
        SnapshotRange range = recovery.FromSnapshot.Range(recovery.ToSequenceNr);
        PayloadException? broken = null;
        while (offer is null && await InTime(_services.Store.LoadSnapshotAsync(claim.PersistenceId, range, CancellationToken.None), "the snapshot", timeout, time).ConfigureAwait(false) is { } stored)
        {
            try
            {
                object state = _services.Codec.Decode(stored.Manifest, stored.Payload);
                offer = new SnapshotOffer(new SnapshotMetadata(claim.PersistenceId, stored.SequenceNr, stored.CreatedAt.UtcDateTime), state);
            }
            catch (PayloadException e)
            {
                // An older snapshot and all events since give the same state; an unknown manifest is a wrong program and no broken file.
                broken ??= e;
                range = range with { MaxSequenceNr = stored.SequenceNr - 1 };
            }
        }

        if (broken is not null)
        {
            await RequireEventsAfter(claim.PersistenceId, offer?.Metadata.SequenceNr ?? 0, broken, timeout, time).ConfigureAwait(false);
        }

        return new RecoveryOpened(_instance, highest, offer);
    }

    private async Task RequireEventsAfter(string id, long snapshot, PayloadException broken, TimeSpan timeout, TimeProvider time)
    {
        IReadOnlyList<StoredEvent> first = await InTime(_services.Store.ReplayAsync(id, 1, long.MaxValue, 1, CancellationToken.None), "the first event", timeout, time).ConfigureAwait(false);
        if (first.Count == 0 || first[0].SequenceNr > snapshot + 1)
        {
            throw new PayloadException(broken.Manifest, $"{broken.Message}; no older snapshot helps, as the events after {snapshot} are not all there", broken);
        }
    }

    private async Task<RecoveryEvents> ReadAsync(long from, int max, TimeSpan timeout, TimeProvider time)
    {
        IReadOnlyList<StoredEvent> read = max <= 0 || from > _replayTo
            ? []
            : await InTime(_services.Store.ReplayAsync(_claim!.PersistenceId, from, _replayTo, max, CancellationToken.None), $"the events from {from}", timeout, time).ConfigureAwait(false);
        return new RecoveryEvents(_instance, [.. read.Select(e => (e.SequenceNr, _services.Codec.Decode(e.Manifest, e.Payload)))]);
    }

    private async Task<T> InTime<T>(Task<T> task, string what, TimeSpan timeout, TimeProvider time)
    {
        try
        {
            return await task.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new RecoveryTimedOutException($"'{_claim!.PersistenceId}': {what} did not come within {timeout}", e);
        }
    }

    private void OnOpened(RecoveryOpened opened)
    {
        _highest = opened.Highest;
        _replayTo = Math.Min(opened.Highest, Recovery.ToSequenceNr);
        _replayLeft = Recovery.ReplayMax;
        if (opened.Snapshot is { } offer)
        {
            LastSequenceNr = offer.Metadata.SequenceNr;
            if (!Replay(offer))
            {
                return;
            }
        }

        ReadNext();
    }

    private void OnEvents(RecoveryEvents events)
    {
        foreach ((long number, object happened) in events.Events)
        {
            LastSequenceNr = number;
            if (!Replay(happened))
            {
                return;
            }
        }

        _replayLeft -= events.Events.Count;
        if (events.Events.Count > 0)
        {
            ReadNext();
            return;
        }

        _session.Close();
        LastSequenceNr = _nextSequenceNr = _highest;
        _phase = Phase.Processing;
        try
        {
            base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
            OnReplaySuccess();
        }
        finally
        {
            AfterHandlers();
        }
    }

    private void ReadNext()
    {
        int max = (int)Math.Min(_replayLeft, ReplayBatch);
        ReadAsync(LastSequenceNr + 1, max, RecoveryTimeout, Time).PipeTo(Self, Self, events => events, e => new RecoveryFailed(_instance, e));
    }

    /// <summary>Hands a message of the recovery to the handlers; false where they failed.</summary>
    private bool Replay(object message)
    {
        try
        {
            base.AroundReceive(ReceiveRecover, message);
            return true;
        }
        catch (Exception e) // whatever a handler threw: half a history is no state
        {
            FailRecovery(e, message);
            return false;
        }
    }

    private void FailRecovery(Exception cause, object? message)
    {
        _session.Close();
        try
        {
            OnRecoveryFailure(cause, message);
        }
        finally
        {
            Context.Stop(Self);
        }
    }
}
