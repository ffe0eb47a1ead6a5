using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <summary>How many steps each chunk of the working parameters has seen: an aborted all-gather leaves a mix (rule 15). Used under the engine's gate.</summary>
internal sealed class ParameterSteps
{
    private readonly long[] _stepOfChunk;
    private long _counted = -1;
    private int _atCounted;

    public ParameterSteps(ParameterLayout layout)
    {
        _stepOfChunk = new long[layout.Chunks];
        Array.Fill(_stepOfChunk, -1);
        _atCounted = layout.Chunks;
    }

    /// <summary>Steps that all chunks have seen; -1 where they are a mix or there are none.</summary>
    public long Step => _atCounted == _stepOfChunk.Length ? _counted : -1;

    /// <summary>Whether any chunk has a value.</summary>
    public bool IsAnySet => Array.Exists(_stepOfChunk, step => step >= 0);

    public void SetAll(long step)
    {
        Array.Fill(_stepOfChunk, step);
        _counted = step;
        _atCounted = _stepOfChunk.Length;
    }

    public void Set(int chunk, long step)
    {
        if (step != _counted)
        {
            _counted = step;
            _atCounted = 0;
            foreach (long s in _stepOfChunk)
            {
                _atCounted += s == step ? 1 : 0;
            }
        }

        if (_stepOfChunk[chunk] != step)
        {
            _stepOfChunk[chunk] = step;
            _atCounted++;
        }
    }
}
