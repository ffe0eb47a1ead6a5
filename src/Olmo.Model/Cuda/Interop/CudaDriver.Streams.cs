namespace Olmo.Model.Cuda.Interop;

/// <content>Streams, events, and graphs that a stream records.</content>
internal sealed unsafe partial class CudaDriver
{
    private const uint NonBlocking = 1;
    private const uint WithoutTiming = 2;
    private const int CaptureRelaxed = 2;

    private delegate* unmanaged<nint*, uint, int> _streamCreate;
    private delegate* unmanaged<nint, int> _streamDestroy;
    private delegate* unmanaged<nint, int> _streamSynchronize;
    private delegate* unmanaged<nint, int, int> _streamBeginCapture;
    private delegate* unmanaged<nint, nint*, int> _streamEndCapture;
    private delegate* unmanaged<nint*, uint, int> _eventCreate;
    private delegate* unmanaged<nint, int> _eventDestroy;
    private delegate* unmanaged<nint, nint, int> _eventRecord;
    private delegate* unmanaged<nint, int> _eventSynchronize;
    private delegate* unmanaged<float*, nint, nint, int> _eventElapsedTime;
    private delegate* unmanaged<nint*, nint, ulong, int> _graphInstantiate;
    private delegate* unmanaged<nint, nint, int> _graphLaunch;
    private delegate* unmanaged<nint, int> _graphExecutableDestroy;
    private delegate* unmanaged<nint, int> _graphDestroy;

    public nint CreateStream()
    {
        nint stream;
        Check(_streamCreate(&stream, NonBlocking), "cuStreamCreate");
        return stream;
    }

    public void DestroyStream(nint stream) => Check(_streamDestroy(stream), "cuStreamDestroy");

    /// <summary>Waits until everything in the stream is done.</summary>
    public void Synchronize(nint stream) => Check(_streamSynchronize(stream), "cuStreamSynchronize");

    public nint CreateEvent(bool isTimed)
    {
        nint created;
        Check(_eventCreate(&created, isTimed ? 0 : WithoutTiming), "cuEventCreate");
        return created;
    }

    public void DestroyEvent(nint cudaEvent) => Check(_eventDestroy(cudaEvent), "cuEventDestroy");

    public void Record(nint cudaEvent, nint stream) => Check(_eventRecord(cudaEvent, stream), "cuEventRecord");

    /// <summary>Waits for what was in the stream when the event was recorded; at once if it never was.</summary>
    public void SynchronizeEvent(nint cudaEvent) => Check(_eventSynchronize(cudaEvent), "cuEventSynchronize");

    /// <summary>Milliseconds between two events that are done.</summary>
    public float Elapsed(nint start, nint end)
    {
        float milliseconds;
        Check(_eventElapsedTime(&milliseconds, start, end), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <summary>From here on the stream records instead of working.</summary>
    public void BeginCapture(nint stream) => Check(_streamBeginCapture(stream, CaptureRelaxed), "cuStreamBeginCapture");

    /// <summary>Ends the recording.</summary>
    /// <returns>The graph.</returns>
    public nint EndCapture(nint stream)
    {
        nint graph;
        Check(_streamEndCapture(stream, &graph), "cuStreamEndCapture");
        return graph;
    }

    /// <summary>Ends a recording whose graph nobody wants, spoilt or not.</summary>
    public void AbandonCapture(nint stream)
    {
        nint graph = 0;
        if (_streamEndCapture(stream, &graph) == 0 && graph != 0)
        {
            Check(_graphDestroy(graph), "cuGraphDestroy");
        }
    }

    /// <summary>Makes a graph ready to run; the graph itself is freed.</summary>
    public nint Instantiate(nint graph)
    {
        nint executable;
        int code = _graphInstantiate(&executable, graph, 0);
        Check(_graphDestroy(graph), "cuGraphDestroy");
        Check(code, "cuGraphInstantiate");
        return executable;
    }

    public void LaunchGraph(nint executable, nint stream) => Check(_graphLaunch(executable, stream), "cuGraphLaunch");

    public void DestroyGraph(nint executable) => Check(_graphExecutableDestroy(executable), "cuGraphExecDestroy");

    private void LoadStreams(LoadedLibrary library)
    {
        _streamCreate = (delegate* unmanaged<nint*, uint, int>)library.Function("cuStreamCreate");
        _streamDestroy = (delegate* unmanaged<nint, int>)library.Function("cuStreamDestroy_v2");
        _streamSynchronize = (delegate* unmanaged<nint, int>)library.Function("cuStreamSynchronize");
        _streamBeginCapture = (delegate* unmanaged<nint, int, int>)library.Function("cuStreamBeginCapture_v2");
        _streamEndCapture = (delegate* unmanaged<nint, nint*, int>)library.Function("cuStreamEndCapture");
        _eventCreate = (delegate* unmanaged<nint*, uint, int>)library.Function("cuEventCreate");
        _eventDestroy = (delegate* unmanaged<nint, int>)library.Function("cuEventDestroy_v2");
        _eventRecord = (delegate* unmanaged<nint, nint, int>)library.Function("cuEventRecord");
        _eventSynchronize = (delegate* unmanaged<nint, int>)library.Function("cuEventSynchronize");
        _eventElapsedTime = (delegate* unmanaged<float*, nint, nint, int>)library.Function("cuEventElapsedTime");
        _graphInstantiate = (delegate* unmanaged<nint*, nint, ulong, int>)library.Function("cuGraphInstantiateWithFlags");
        _graphLaunch = (delegate* unmanaged<nint, nint, int>)library.Function("cuGraphLaunch");
        _graphExecutableDestroy = (delegate* unmanaged<nint, int>)library.Function("cuGraphExecDestroy");
        _graphDestroy = (delegate* unmanaged<nint, int>)library.Function("cuGraphDestroy");
    }
}
