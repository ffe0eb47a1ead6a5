using System.Linq.Expressions;

namespace Olmo.Runtime.Actor;

/// <summary>How an actor is made; each start and restart makes it anew.</summary>
public sealed class Props
{
    private readonly Func<ActorBase> _make;

    private Props(Type type, object[] arguments, Func<ActorBase> make, SupervisorStrategy? strategy)
    {
        Type = type;
        Arguments = arguments;
        _make = make;
        SupervisorStrategy = strategy;
    }

    /// <summary>Type of the actor.</summary>
    public Type Type { get; }

    /// <summary>Arguments of its constructor.</summary>
    public object[] Arguments { get; }

    /// <summary>A strategy that beats the actor's own, or null.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; }

    /// <summary>Calls the constructor in an expression such as <c>() => new T(a, b)</c>; its arguments are evaluated once, here.</summary>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (factory.Body is not NewExpression { Constructor: { } constructor } made)
        {
            throw new ArgumentException("The expression must be a call of a constructor.", nameof(factory));
        }

        object?[] arguments = [.. made.Arguments.Select(a => Expression.Lambda<Func<object?>>(Expression.Convert(a, typeof(object))).Compile(preferInterpretation: true)())];
        return new Props(typeof(TActor), arguments!, () => (ActorBase)Unwrapped(() => constructor.Invoke(arguments)), supervisorStrategy);
    }

    /// <summary>Calls the constructor that fits the arguments.</summary>
    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => Create(typeof(TActor), args);

    /// <summary>Calls the constructor that fits the arguments.</summary>
    public static Props Create(Type type, params object[] args) =>
        new(type, args, () => (ActorBase)Unwrapped(() => Activator.CreateInstance(type, args)!), null);

    /// <summary>Same with a strategy.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(Type, Arguments, _make, supervisorStrategy);

    internal ActorBase NewActor() => _make();

    private static object Unwrapped(Func<object> make)
    {
        try
        {
            return make();
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }
}
