using System.CommandLine;
using System.Security.Cryptography;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Host.Runs;

namespace Olmo.Host.Commands;

/// <summary><c>olmo checkpoint list|verify|describe FOLDER</c>: the checkpoints of a run that count. Reads only; works beside a living run.</summary>
internal static class CheckpointCommand
{
    private const int BlockBytes = 1 << 20;

    /// <summary>The verb with its verbs.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "Folder of a run, such as runs/quickstart." };
        Option<long?> step = new("--step") { Description = "Steps that the checkpoint has done; the newest if it is not given." };
        Option<bool> all = new("--all") { Description = "Every checkpoint that counts." };
        Command list = new("list", "Lists the checkpoints that count.") { folder };
        list.SetAction(async (parsed, cancellation) => List(await RunHistory.Read(new RunFolder(parsed.GetRequiredValue(folder)), cancellation), parsed.InvocationConfiguration.Output));
        Command describe = new("describe", "Shows what a checkpoint's manifest says.") { folder, step };
        describe.SetAction(async (parsed, cancellation) =>
        {
            RunFolder run = new(parsed.GetRequiredValue(folder));
            RunHistory history = await RunHistory.Read(run, cancellation);
            return Describe(run, history.Find(parsed.GetValue(step)), parsed.InvocationConfiguration.Output);
        });
        Command verify = new("verify", "Reads every byte of a checkpoint and compares digests; exit code 3 if one differs.") { folder, step, all };
        verify.SetAction(async (parsed, cancellation) =>
        {
            RunFolder run = new(parsed.GetRequiredValue(folder));
            RunHistory history = await RunHistory.Read(run, cancellation);
            IEnumerable<CheckpointCommitted> chosen = parsed.GetValue(all) ? history.Checkpoints.Committed : [history.Find(parsed.GetValue(step))];
            return Verify(run, [.. chosen], parsed.InvocationConfiguration.Output, cancellation);
        });
        return new Command("checkpoint", "Looks at checkpoints.") { list, describe, verify };
    }

    private static int List(RunHistory history, TextWriter output)
    {
        CheckpointCommitted? newest = history.Newest;
        output.WriteLine($"{"timeline",8} {"step",10} {"MB",10} {"committed",20}");
        foreach (CheckpointCommitted c in history.Checkpoints.Committed.OrderBy(c => c.Timeline).ThenBy(c => c.Step))
        {
            string marks = $"{(c == newest ? " newest" : "")}{(c.Permanent ? " permanent" : "")}{(history.Checkpoints.IsSuspect(c) ? " SUSPECT" : "")}";
            output.WriteLine($"{c.Timeline,8} {c.Step,10} {c.LengthBytes / 1e6,10:0.0} {c.At,20:u}{marks}");
        }

        return ExitCodes.Done;
    }

    private static int Describe(RunFolder folder, CheckpointCommitted checkpoint, TextWriter output)
    {
        LocalObjectReader store = new(folder.Checkpoints);
        CheckpointManifest manifest = Manifest(store, checkpoint);
        output.WriteLine($"manifest    {checkpoint.Manifest}");
        output.WriteLine($"run         {manifest.Run}   timeline {manifest.Timeline}   step {manifest.Step}   written by generation {manifest.Generation} under token {manifest.Token}");
        output.WriteLine($"tokens      {manifest.TokensSeen:N0}   data cursor {manifest.DataCursor}");
        output.WriteLine($"numerics    {manifest.NumericsId}");
        output.WriteLine($"layout      {manifest.LayoutHash}");
        output.WriteLine($"data        {manifest.DataFingerprint}");
        output.WriteLine($"shards      {manifest.Shards.Count}, {manifest.Shards.Sum(s => s.LengthBytes) / 1e6:0.0} MB");
        foreach (ShardEntry shard in manifest.Shards)
        {
            output.WriteLine($"  {shard.Shard,5} {shard.LengthBytes,14:N0} bytes  {shard.Sha256}");
        }

        return ExitCodes.Done;
    }

    private static int Verify(RunFolder folder, IReadOnlyList<CheckpointCommitted> chosen, TextWriter output, CancellationToken cancellation)
    {
        LocalObjectReader store = new(folder.Checkpoints);
        int bad = 0;
        foreach (CheckpointCommitted checkpoint in chosen)
        {
            List<string> wrong = [];
            try
            {
                wrong.AddRange(Manifest(store, checkpoint).Shards.Select(s => WrongIn(store, s, cancellation)).OfType<string>());
            }
            catch (InvalidDataException e)
            {
                wrong.Add(e.Message);
            }

            bad += wrong.Count > 0 ? 1 : 0;
            output.WriteLine($"step {checkpoint.Step} of timeline {checkpoint.Timeline}: {(wrong.Count == 0 ? $"{checkpoint.Shards.Count} shards are as they were written" : $"{wrong.Count} wrong")}");
            foreach (string line in wrong)
            {
                output.WriteLine($"  {line}");
            }
        }

        output.WriteLine($"{chosen.Count - bad} of {chosen.Count} checkpoints verify");
        return bad == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static CheckpointManifest Manifest(IObjectReader store, CheckpointCommitted checkpoint)
    {
        try
        {
            return ManifestFile.Read(store, checkpoint);
        }
        catch (IOException e)
        {
            throw new InvalidDataException($"'{checkpoint.Manifest}': {e.Message}", e);
        }
    }

    private static string? WrongIn(IObjectReader store, ShardEntry shard, CancellationToken cancellation)
    {
        if (store.LengthOf(shard.Name) is not { } length)
        {
            return $"'{shard.Name}' is missing";
        }

        if (length != shard.LengthBytes)
        {
            return $"'{shard.Name}' has {length:N0} bytes, {shard.LengthBytes:N0} were written";
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using Stream stream = store.OpenRead(shard.Name);
        byte[] block = new byte[BlockBytes];
        for (int read = stream.Read(block); read > 0; read = stream.Read(block))
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, read);
        }

        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found == shard.Sha256 ? null : $"'{shard.Name}' has SHA-256 {found}, {shard.Sha256} was written";
    }
}
