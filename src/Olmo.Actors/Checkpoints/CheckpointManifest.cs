using System.Text.Json;

namespace Olmo.Actors.Checkpoints;

/// <summary>One shard file of a checkpoint.</summary>
/// <param name="Shard">Number of the shard, from 0.</param>
/// <param name="Name">Name in the object store.</param>
/// <param name="Sha256">Lower-case hex digest of the file's bytes.</param>
/// <param name="LengthBytes">Length of the file.</param>
public sealed record ShardEntry(int Shard, string Name, string Sha256, long LengthBytes);

/// <summary>
/// All that is needed to resume, export or adopt a checkpoint without the database. Immutable. The shard files hold nothing but content; what
/// belongs to the history (timeline, generation, token) stands here.
/// </summary>
/// <param name="Run">Name of the run.</param>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="TokensSeen">Tokens consumed by those steps.</param>
/// <param name="NumericsId">Version of everything that decides bits.</param>
/// <param name="LayoutHash">Hash of tensors, chunks and shards.</param>
/// <param name="DataFingerprint">Hash of the token files.</param>
/// <param name="DataCursor">Where the data goes on, as the data layer wrote it.</param>
/// <param name="RunState">State of the policies that decide steps (window of losses and norms, steps left out in a row) and the ledger of the data, as the step engine wrote it.</param>
/// <param name="Generation">World that wrote it.</param>
/// <param name="Token">Lease token of the coordinator that wrote it.</param>
/// <param name="Shards">Every shard once, in order.</param>
public sealed record CheckpointManifest(
    string Run, int Timeline, long Step, long TokensSeen, string NumericsId, string LayoutHash, string DataFingerprint, string DataCursor, string RunState,
    long Generation, long Token, IReadOnlyList<ShardEntry> Shards)
{
    /// <summary>The manifest's bytes: JSON, UTF-8, fixed member order.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, CheckpointJson.Default.CheckpointManifest);

    /// <summary>Reads a manifest and checks that it is whole.</summary>
    /// <exception cref="InvalidDataException">The bytes are no manifest, or shards are missing or out of order.</exception>
    public static CheckpointManifest Parse(ReadOnlySpan<byte> bytes, string name)
    {
        CheckpointManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.CheckpointManifest);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"manifest '{name}' is not readable: {e.Message}", e);
        }

        if (manifest?.Shards is null || manifest.Shards.Count == 0)
        {
            throw new InvalidDataException($"manifest '{name}' names no shards");
        }

        for (int i = 0; i < manifest.Shards.Count; i++)
        {
            if (manifest.Shards[i].Shard != i)
            {
                throw new InvalidDataException($"manifest '{name}': entry {i} is shard {manifest.Shards[i].Shard}");
            }
        }

        return manifest;
    }
}
