namespace Olmo.Runtime.Actor;

/// <summary>
/// The ordered handlers of one behaviour: the first whose type and predicate match takes the message. Nothing may follow a catch-all.
/// </summary>
internal sealed class HandlerTable
{
    private readonly List<Func<object, bool>> _handlers = [];
    private bool _closed;

    public void Add<T>(Action<T> handler, Predicate<T>? shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(shouldHandle is null && typeof(T) == typeof(object), message =>
        {
            if (message is T typed && (shouldHandle is null || shouldHandle(typed)))
            {
                handler(typed);
                return true;
            }

            return false;
        });
    }

    public void Add<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(false, message => message is T typed && handler(typed));
    }

    public void Add(Type messageType, Func<object, bool> handler, bool catchAll = false)
    {
        ArgumentNullException.ThrowIfNull(messageType);
        ArgumentNullException.ThrowIfNull(handler);
        Append(catchAll && messageType == typeof(object), message => messageType.IsInstanceOfType(message) && handler(message));
    }

    public void AddAny(Action<object> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(true, message =>
        {
            handler(message);
            return true;
        });
    }

    public bool Handle(object message)
    {
        foreach (Func<object, bool> handler in _handlers)
        {
            if (handler(message))
            {
                return true;
            }
        }

        return false;
    }

    private void Append(bool catchAll, Func<object, bool> handler)
    {
        if (_closed)
        {
            throw new InvalidOperationException("A handler for all messages has been registered before this one, which could never be reached.");
        }

        _closed = catchAll;
        _handlers.Add(handler);
    }
}
