using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Persistence;

/// <summary>An event-sourced actor whose handlers are registered by type: Recover for events, Command for commands.</summary>
public abstract class ReceivePersistentActor : Eventsourced
{
    private readonly HandlerTable _recover = new();
    private readonly HandlerTable _command = new();

    /// <inheritdoc />
    protected sealed override bool Receive(object message) => _command.Handle(message);

    /// <inheritdoc />
    protected sealed override bool ReceiveRecover(object message) => _recover.Handle(message);

    /// <summary>Registers a handler of replayed events.</summary>
    protected void Recover<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _recover.Add(handler, shouldHandle);

    /// <summary>Registers a handler of commands.</summary>
    protected void Command<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _command.Add(handler, shouldHandle);

    /// <summary>Registers a handler of all other commands.</summary>
    protected void CommandAny(Action<object> handler) => _command.AddAny(handler);
}
