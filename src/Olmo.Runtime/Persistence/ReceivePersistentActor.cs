using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Persistence;

/// <summary>
/// An event-sourced actor whose handlers are registered by type, in its constructor or in a method given to <see cref="Become(Action)"/>: Recover for snapshots and events,
/// Command for commands.
/// </summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor, IInitializableActor
{
    private readonly HandlerTable _recover = new();
    private HandlerTable? _configuring = new();
    private HandlerTable _commands = new();

    void IInitializableActor.Init()
    {
        _commands = _configuring ?? _commands;
        _configuring = null;
    }

    /// <inheritdoc />
    protected sealed override void OnCommand(object message) => Handle(_commands, message);

    /// <inheritdoc />
    protected sealed override void OnRecover(object message) => Handle(_recover, message);

    protected void Become(Action configure) => base.Become(Configured(configure));

    protected void BecomeStacked(Action configure) => base.BecomeStacked(Configured(configure));

    /// <summary>Registers a handler of snapshots, replayed events or <see cref="RecoveryCompleted"/>.</summary>
    protected void Recover<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => RecoverTable().Add(handler, shouldHandle);

    protected void Recover<T>(Func<T, bool> handler) => RecoverTable().Add(handler);

    protected void RecoverAny(Action<object> handler) => RecoverTable().AddAny(handler);

    /// <summary>Registers a handler of commands.</summary>
    protected void Command<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => CommandTable().Add(handler, shouldHandle);

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => CommandTable().Add(handler, shouldHandle);

    protected void Command<T>(Func<T, bool> handler) => CommandTable().Add(handler);

    /// <summary>Registers a handler of all other commands.</summary>
    protected void CommandAny(Action<object> handler) => CommandTable().AddAny(handler);

    /// <summary>Registers an asynchronous handler: until it ends commands wait, and what it persists is written when it ends.</summary>
    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        CommandTable().Add<T>(message => RunTask(() => handler(message)), shouldHandle);
    }

    protected void CommandAnyAsync(Func<object, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        CommandTable().AddAny(message => RunTask(() => handler(message)));
    }

    private UntypedReceive Configured(Action configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        HandlerTable? outer = _configuring;
        HandlerTable table = new();
        _configuring = table;
        try
        {
            configure();
        }
        finally
        {
            _configuring = outer;
        }

        return message => Handle(table, message);
    }

    private void Handle(HandlerTable table, object message)
    {
        if (!table.Handle(message))
        {
            Unhandled(message);
        }
    }

    private HandlerTable RecoverTable() => _configuring is null ? throw Late() : _recover;

    private HandlerTable CommandTable() => _configuring ?? throw Late();

    private static InvalidOperationException Late() => new("Handlers may only be registered in the constructor or in the method given to Become.");
}
