namespace Olmo.Runtime.Actor;

/// <summary>An actor whose handlers are registered by type; the first whose type and predicate match wins.</summary>
public abstract class ReceiveActor : ActorBase
{
    private readonly Stack<MessageHandlers> _configuring = new();
    private readonly MessageHandlers _initial = new();
    private bool _isConstructed;

    /// <summary>Handlers are registered in the constructor of the derived class.</summary>
    protected ReceiveActor() => _configuring.Push(_initial);

    /// <inheritdoc />
    protected sealed override bool Receive(object message)
    {
        _isConstructed = true;
        return _initial.Handle(message);
    }

    /// <summary>Replaces the behaviour by the handlers that <paramref name="configure"/> registers.</summary>
    protected void Become(Action configure) => Become(Configured(configure).Handle);

    /// <summary>Pushes such a behaviour.</summary>
    protected void BecomeStacked(Action configure) => BecomeStacked(Configured(configure).Handle);

    /// <summary>Registers a handler.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => Add(typeof(T), m =>
    {
        if (shouldHandle is not null && !shouldHandle((T)m))
        {
            return false;
        }

        handler((T)m);
        return true;
    });

    /// <summary>Registers a handler that says itself whether it took the message.</summary>
    protected void Receive<T>(Func<T, bool> handler) => Add(typeof(T), m => handler((T)m));

    /// <summary>Registers a handler of everything; nothing may be registered after it.</summary>
    protected void ReceiveAny(Action<object> handler) => Add(typeof(object), m =>
    {
        handler(m);
        return true;
    });

    /// <summary>Registers an asynchronous handler: other user messages wait until it ends.</summary>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) => Receive<T>(m => Cell.RunTask(() => handler(m)), shouldHandle);

    /// <summary>Registers an asynchronous handler of everything.</summary>
    protected void ReceiveAnyAsync(Func<object, Task> handler) => ReceiveAny(m => Cell.RunTask(() => handler(m)));

    private MessageHandlers Configured(Action configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        MessageHandlers handlers = new();
        _configuring.Push(handlers);
        configure();
        _configuring.Pop();
        return handlers;
    }

    private void Add(Type type, Func<object, bool> handler)
    {
        if (_isConstructed && _configuring.Count == 1)
        {
            throw new InvalidOperationException("Handlers may only be registered in the constructor and inside Become.");
        }

        _configuring.Peek().Add(type, handler);
    }
}
