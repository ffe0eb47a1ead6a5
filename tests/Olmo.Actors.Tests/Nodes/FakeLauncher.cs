using Olmo.Actors.Nodes;

namespace Olmo.Actors.Tests.Nodes;

/// <summary>Processes that end when the test says so; a kill ends them by signal 9.</summary>
internal sealed class FakeLauncher : IProcessLauncher
{
    private readonly Lock _lock = new();
    private readonly List<Child> _started = [];

    /// <summary>What was started so far, in order.</summary>
    public IReadOnlyList<Child> Started
    {
        get
        {
            lock (_lock)
            {
                return [.. _started];
            }
        }
    }

    public IChildProcess Start(ProcessStart start, Action<ProcessExit> exited)
    {
        lock (_lock)
        {
            Child child = new(1000 + _started.Count, start, exited);
            _started.Add(child);
            return child;
        }
    }

    internal sealed class Child(int id, ProcessStart start, Action<ProcessExit> exited) : IChildProcess
    {
        private int _ended;

        public int Id => id;

        /// <summary>Role and number, as <c>rank 2</c>.</summary>
        public string Name => string.Join(' ', start.Arguments);

        public bool HasEnded => Volatile.Read(ref _ended) != 0;

        public void Kill() => End(new ProcessExit(null, 9));

        public void End(ProcessExit exit)
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                exited(exit);
            }
        }
    }
}
