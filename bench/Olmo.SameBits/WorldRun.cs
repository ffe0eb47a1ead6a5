using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.SameBits;

/// <summary>Trains a model in a virtual world and hashes what came out.</summary>
internal static class WorldRun
{
    /// <summary>Hashes of gradients, weights and shard files after the model's steps.</summary>
    public sealed record Hashes(string Gradients, string Weights, string Shards);

    public static Hashes Of(ITensorProvider provider, SameBitsModel model, int microBatch, int ranks, int replicas)
    {
        StepSettings settings = model.Settings with { MicroBatchSequences = microBatch, Replicas = replicas };
        using VirtualWorld world = new(settings, ranks, _ => new WorldProgram(provider, model, settings));
        using IncrementalHash gradients = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int step = 1; step <= model.Steps; step++)
        {
            world.Run(new StepIdentity("same-bits", 0, 1, step, 0), model.Batch(step));
            HashGradients(world, settings.Shards, gradients);
        }

        return new Hashes(Short(gradients.GetHashAndReset()), WeightsOf(world), ShardsOf(world));
    }

    // The bits of every shard's sum: linear digest of the integers, sum of squares of the fp32 gradient, losses.
    private static void HashGradients(VirtualWorld world, int shards, IncrementalHash hash)
    {
        ReadOnlySpan<Announcement> announcements = world.Announcements;
        for (int shard = 0; shard < shards; shard++)
        {
            foreach (Announcement a in announcements)
            {
                if (a.Shard == shard && a.Replica == 0)
                {
                    Span<long> content =
                    [
                        a.Shard, (long)a.SumDigest, (long)a.StateDigest, BitConverter.DoubleToInt64Bits(a.SumOfSquares), a.Loss.CrossEntropy, a.Loss.ZLoss,
                        a.Loss.Labels, a.Loss.Tokens, a.IsFinite ? 1 : 0,
                    ];
                    hash.AppendData(MemoryMarshal.AsBytes(content));
                }
            }
        }
    }

    // What passes read, of every rank: all must be equal.
    private static string WeightsOf(VirtualWorld world)
    {
        string? first = null;
        float[] values = new float[ParameterLayout.ChunkElements];
        foreach (WorkingParameters working in world.Parameters)
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int c = 0; c < working.Layout.Chunks; c++)
            {
                ParameterChunk chunk = working.Layout.ChunkAt(c);
                Span<float> read = values.AsSpan(0, chunk.Length);
                working.Read(chunk.Tensor, chunk.Offset, read);
                hash.AppendData(MemoryMarshal.AsBytes(read));
            }

            string found = Short(hash.GetHashAndReset());
            first ??= found;
            if (found != first)
            {
                return "ranks-differ";
            }
        }

        return first!;
    }

    // The shard files of every replica: all must be equal.
    private static string ShardsOf(VirtualWorld world)
    {
        string? first = null;
        for (int replica = 0; replica < world.Plan.Replicas; replica++)
        {
            string[] files = new string[world.Plan.Shards];
            foreach (ShardStage stage in world.Stage(replica))
            {
                foreach (int shard in stage.Placement.Shards)
                {
                    files[shard] = stage.Write(shard, Stream.Null).Sha256;
                }

                stage.Dispose();
            }

            string found = Short(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(files))));
            first ??= found;
            if (found != first)
            {
                return "replicas-differ";
            }
        }

        return first!;
    }

    private static string Short(byte[] hash) => Convert.ToHexStringLower(hash)[..16];
}
