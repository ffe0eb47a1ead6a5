namespace Olmo.Runtime.Actor;

/// <summary>
/// An actor whose handlers are registered by type in its constructor or in a method given to <see cref="Become(Action)"/>. The first
/// registered handler whose type and predicate match takes the message; a message without one is unhandled.
/// </summary>
public abstract class ReceiveActor : UntypedActor, IInitializableActor
{
    private HandlerTable? _configuring = new();
    private HandlerTable _handlers = new();

    void IInitializableActor.Init()
    {
        _handlers = _configuring ?? _handlers;
        _configuring = null;
    }

    protected sealed override void OnReceive(object message) => Handle(_handlers, message);

    protected void Become(Action configure) => base.Become(Configured(configure));

    protected void BecomeStacked(Action configure) => base.BecomeStacked(Configured(configure));

    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => Table().Add(handler, shouldHandle);

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Table().Add(handler, shouldHandle);

    protected void Receive(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Table().Add(
            messageType,
            message =>
            {
                if (shouldHandle is not null && !shouldHandle(message))
                {
                    return false;
                }

                handler(message);
                return true;
            },
            catchAll: shouldHandle is null);
    }

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) => Receive(messageType, handler, shouldHandle);

    protected void Receive<T>(Func<T, bool> handler) => Table().Add(handler);

    protected void Receive(Type messageType, Func<object, bool> handler) => Table().Add(messageType, handler);

    protected void ReceiveAny(Action<object> handler) => Table().AddAny(handler);

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Table().Add<T>(message => RunTask(() => handler(message)), shouldHandle);
    }

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => ReceiveAsync(handler, shouldHandle);

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Receive(messageType, message => RunTask(() => handler(message)), shouldHandle);
    }

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) => ReceiveAsync(messageType, handler, shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Table().AddAny(message => RunTask(() => handler(message)));
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

    private HandlerTable Table() => _configuring
        ?? throw new InvalidOperationException("Handlers may only be registered in the constructor or in the method given to Become.");
}

/// <summary>An actor that is told when its constructor has returned.</summary>
internal interface IInitializableActor
{
    void Init();
}
