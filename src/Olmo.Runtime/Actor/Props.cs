using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;

namespace Olmo.Runtime.Actor;

/// <summary>The recipe of an actor: type, constructor arguments, strategy. Each start and restart calls the constructor anew.</summary>
public class Props
{
    public static readonly Props? None;

    private const BindingFlags Construct = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions;

    private readonly ConstructorInfo? _constructor;

    public Props(Type type)
        : this(type, null, [], null)
    {
    }

    public Props(Type type, object[] args)
        : this(type, null, args, null)
    {
    }

    public Props(Type type, SupervisorStrategy? supervisorStrategy, params object[] args)
        : this(type, supervisorStrategy, args, null)
    {
    }

    private Props(Type type, SupervisorStrategy? strategy, object?[]? args, ConstructorInfo? constructor)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!typeof(ActorBase).IsAssignableFrom(type))
        {
            throw new ArgumentException($"{type} is no actor: it does not derive from {nameof(ActorBase)}.", nameof(type));
        }

        Type = type;
        Arguments = args ?? [];
        SupervisorStrategy = strategy;
        _constructor = constructor;
    }

    public static Props Empty { get; } = new(typeof(EmptyActor));

    public Type Type { get; }

    public object?[] Arguments { get; }

    public string TypeName => Type.AssemblyQualifiedName!;

    /// <summary>Strategy for the actor's children; it beats the actor's own override.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; private init; }

    /// <summary>Name of the dispatcher; null or <c>akka.actor.default-dispatcher</c> for the shared pool, <c>akka.actor.internal-dispatcher</c> for the runtime's own threads.</summary>
    public string? Dispatcher { get; private init; }

    /// <summary>Most messages that the actor's stash holds; negative for no limit.</summary>
    internal int StashCapacity { get; private init; } = -1;

    /// <summary>Reads constructor and arguments (evaluated once, here) out of a <c>() =&gt; new T(…)</c> expression.</summary>
    /// <exception cref="ArgumentException">The expression is no constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (factory.Body is not NewExpression call || call.Constructor is null)
        {
            throw new ArgumentException("The factory must be of the form () => new Actor(arguments).", nameof(factory));
        }

        object?[] arguments = [.. call.Arguments.Select(Evaluate)];
        return new Props(call.Type, supervisorStrategy, arguments, call.Constructor);
    }

    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), null, args, null);

    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(typeof(TActor), supervisorStrategy, [], null);

    public static Props Create(Type type, params object[] args) => new(type, null, args, null);

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) =>
        new(Type, supervisorStrategy, Arguments, _constructor) { Dispatcher = Dispatcher, StashCapacity = StashCapacity };

    public Props WithDispatcher(string dispatcher) =>
        new(Type, SupervisorStrategy, Arguments, _constructor) { Dispatcher = dispatcher, StashCapacity = StashCapacity };

    public Props WithStashCapacity(int stashCapacity) =>
        new(Type, SupervisorStrategy, Arguments, _constructor) { Dispatcher = Dispatcher, StashCapacity = stashCapacity };

    public virtual ActorBase NewActor() => (ActorBase)(_constructor is not null
        ? _constructor.Invoke(Construct, null, Arguments, CultureInfo.InvariantCulture)
        : Activator.CreateInstance(Type, Construct, null, Arguments, CultureInfo.InvariantCulture)!);

    private static object? Evaluate(Expression expression) => expression is ConstantExpression constant
        ? constant.Value
        : Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)();
}

/// <summary>An actor that handles nothing.</summary>
internal sealed class EmptyActor : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);
}
