using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>Random tokens of a <see cref="CheckModel"/>: a pure function of its name. Some labels are left out.</summary>
internal sealed class CheckBatch
{
    private const int LeftOutOf = 11;
    private const int DocumentOf = 23;
    private readonly int _length;
    private readonly int[] _ids;
    private readonly int[] _labels;
    private readonly float[]? _weights;
    private readonly int[]? _starts;

    public CheckBatch(CheckModel model)
    {
        RandomStream tokens = new(1, model.Name);
        RandomStream choices = new(2, model.Name);
        _length = model.Length;
        Rows = model.Sequences * model.Length;
        _ids = new int[Rows];
        _labels = new int[Rows];
        _weights = model.Weights ? new float[Rows] : null;
        _starts = model.Documents ? new int[Rows] : null;
        for (int i = 0; i < Rows; i++)
        {
            ulong choice = choices.Bits((ulong)i);
            int position = i % _length;
            _ids[i] = (int)tokens.Below((ulong)model.Config.Vocabulary, (ulong)i);
            _labels[i] = choice % LeftOutOf == 0 && i > 0 ? LossHeadPass.IgnoredLabel : (int)tokens.Below((ulong)model.Config.Vocabulary, (ulong)(i + Rows));
            Labels += _labels[i] == LossHeadPass.IgnoredLabel ? 0 : 1;
            if (_weights is not null)
            {
                _weights[i] = 0.25f + ((choice >> 32) % 8 * 0.125f);
            }

            if (_starts is not null)
            {
                _starts[i] = position == 0 || (choice >> 16) % DocumentOf == 0 ? position : _starts[i - 1];
            }
        }
    }

    /// <summary>Tokens.</summary>
    public int Rows { get; }

    /// <summary>Tokens with a label.</summary>
    public int Labels { get; }

    /// <summary>Some of its sequences.</summary>
    public MicroBatch Slice(int first, int sequences)
    {
        (int from, int count) = (first * _length, sequences * _length);
        return new MicroBatch(
            _ids.AsSpan(from, count), _length, _labels.AsSpan(from, count), _weights is null ? default : _weights.AsSpan(from, count), _starts is null ? default : _starts.AsSpan(from, count));
    }
}
