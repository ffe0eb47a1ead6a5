using Olmo.Model.State;

namespace Olmo.Model.Tests.State;

/// <summary>Values of a state as arrays.</summary>
internal static class HostReads
{
    public static float[] Values(this TrainingState state, int plane, int chunk)
    {
        float[] values = new float[state.Layout.ChunkAt(chunk).Length];
        state.Read(plane, chunk, values);
        return values;
    }

    public static float[] Values(this WorkingParameters working, ParameterChunk chunk)
    {
        float[] values = new float[chunk.Length];
        working.Read(chunk.Tensor, chunk.Offset, values);
        return values;
    }
}
