using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <content>Operations that are recorded once and run many times.</content>
public sealed unsafe partial class CudaProvider
{
    private int _recordings;
    private HashSet<CudaBuffer>? _recorded;

    private bool IsRecording => _recorded is not null;

    /// <summary>
    /// Records operations in place of doing them. Each run of the graph does them again, on the same tensors, at less cost than calling them: nothing is checked and no argument is sent.
    /// </summary>
    /// <param name="operations">
    /// Calls operations of this provider, no <see cref="Read"/>, <see cref="Write"/> or <see cref="Allocate"/>; nobody else calls the provider meanwhile. They were run once before, so that
    /// kernels, algorithms and lists of ranges are there.
    /// </param>
    /// <returns>The graph; the tensors must outlive it.</returns>
    /// <exception cref="InvalidOperationException">The operations want something that cannot be recorded.</exception>
    public CudaGraph Capture(Action operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        RefuseRecording("A recording");
        Enter();
        _recordings++;
        _recorded = [];
        _device.Driver.BeginCapture(_device.Stream);
        try
        {
            operations();
        }
        catch
        {
            _recorded = null;
            _device.Driver.AbandonCapture(_device.Stream);
            throw;
        }

        CudaBuffer[] changed = [.. _recorded];
        _recorded = null;
        return new CudaGraph(_device, _device.Driver.Instantiate(_device.Driver.EndCapture(_device.Stream)), changed);
    }

    /// <summary>Measures time on the device.</summary>
    public CudaTimer CreateTimer()
    {
        Enter();
        return new CudaTimer(_device);
    }

    private void Note(CudaBuffer buffer)
    {
        if (_recorded is null)
        {
            buffer.NoteChange();
        }
        else
        {
            buffer.NoteRecordedChange();
            _recorded.Add(buffer);
        }
    }

    private void RefuseRecording(string what)
    {
        if (IsRecording)
        {
            throw new InvalidOperationException($"{what} cannot be part of a recorded graph.");
        }
    }
}
