using System.Text.Json.Serialization;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Persistence;

namespace Olmo.Runtime.Tests.Persistence;

[Contract("test.added", 1)]
internal sealed record Added(int Amount);

[Contract("test.total", 1)]
internal sealed record Total(long Sum);

[JsonSerializable(typeof(Added))]
[JsonSerializable(typeof(Total))]
internal sealed partial class AccountJson : JsonSerializerContext;

/// <summary>Adds numbers, and records everything that happens to it in the order in which it happens.</summary>
internal sealed class Account : ReceivePersistentActor
{
    private readonly Recorder _recorder;
    private long _sum;

    public Account(string id, Recorder recorder)
    {
        PersistenceId = id;
        _recorder = recorder;
        Recover<SnapshotOffer>(o => { _sum = ((Total)o.Snapshot).Sum; Note($"offer {o.Metadata.SequenceNr}"); });
        Recover<Added>(e => { _sum += e.Amount; Note($"replay {e.Amount}"); });
        Recover<RecoveryCompleted>(_ => Note($"recovered {_sum}@{LastSequenceNr}"));
        Command<Add>(c =>
        {
            Note($"add {c.Amount}");
            Persist(new Added(c.Amount), Apply);
        });
        Command<AddAll>(c => PersistAll(c.Amounts.Select(a => new Added(a)), Apply));
        Command<AddAsync>(c =>
        {
            Note($"async {c.Amount}");
            PersistAsync(new Added(c.Amount), Apply);
            DeferAsync(c.Amount, a => Note($"deferred {a}"));
        });
        CommandAsync<AddLater>(async c =>
        {
            await c.Gate;
            Persist(new Added(c.Amount), Apply);
        });
        Command<AddTwice>(c => Persist(new Added(c.Amount), e =>
        {
            Apply(e);
            Persist(new Added(c.Amount * 10), Apply);
        }));
        Command<FailAfter>(c => Persist(new Added(c.Amount), e =>
        {
            Apply(e);
            throw new InvalidOperationException("handler");
        }));
        Command<Get>(_ => Sender.Tell($"{_sum}@{LastSequenceNr}", Self));
        Command<Save>(_ => SaveSnapshot(new Total(_sum)));
        Command<Delete>(c => DeleteMessages(c.To));
        Command<Drop>(c => DeleteSnapshot(c.SequenceNr));
        Command<SaveSnapshotSuccess>(s => Note($"saved {s.Metadata.SequenceNr}"));
        Command<SaveSnapshotFailure>(s => Note($"not saved {s.Metadata.SequenceNr} {s.Cause.GetType().Name}"));
        Command<DeleteMessagesSuccess>(d => Note($"deleted {d.ToSequenceNr}"));
        Command<DeleteMessagesFailure>(d => Note($"not deleted {d.ToSequenceNr} {d.Cause.GetType().Name}"));
        Command<DeleteSnapshotSuccess>(d => Note($"dropped {d.Metadata.SequenceNr}"));
        Command<Terminated>(t => Note("terminated"));
        Command<WatchThis>(w => Context.Watch(w.Target));
    }

    public override string PersistenceId { get; }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => Note($"failed {((Added)@event).Amount}@{sequenceNr} {cause.GetType().Name}");

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => Note($"rejected {((Added)@event).Amount}@{sequenceNr}");

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => Note($"no recovery {reason.GetType().Name}: {reason.Message}");

    protected override void PostStop()
    {
        Note("stopped");
        base.PostStop();
    }

    private void Apply(Added e)
    {
        _sum += e.Amount;
        Note($"applied {e.Amount}@{LastSequenceNr}");
        if (!Sender.Equals(Context.System.DeadLetters))
        {
            Sender.Tell($"ok {e.Amount}", Self);
        }
    }

    private void Note(string what) => _recorder.Add(what);

    internal sealed record Add(int Amount);

    internal sealed record AddAll(params int[] Amounts);

    internal sealed record AddAsync(int Amount);

    internal sealed record AddLater(int Amount, Task Gate);

    internal sealed record AddTwice(int Amount);

    internal sealed record FailAfter(int Amount);

    internal sealed record Get;

    internal sealed record Save;

    internal sealed record Delete(long To);

    internal sealed record Drop(long SequenceNr);

    internal sealed record WatchThis(IActorRef Target);
}
