namespace Olmo.Runtime.Actor;

/// <summary>Handlers in the order of their registration.</summary>
internal sealed class MessageHandlers
{
    private readonly List<(Type Type, Func<object, bool> Handle)> _handlers = [];
    private bool _isClosed;

    public void Add(Type type, Func<object, bool> handler)
    {
        if (_isClosed)
        {
            throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
        }

        _handlers.Add((type, handler));
        _isClosed = type == typeof(object);
    }

    public bool Handle(object message)
    {
        foreach ((Type type, Func<object, bool> handle) in _handlers)
        {
            if (type.IsInstanceOfType(message) && handle(message))
            {
                return true;
            }
        }

        return false;
    }
}
