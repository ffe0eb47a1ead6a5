using System.Collections.Immutable;
using Olmo.Actors.ObjectStorage;

namespace Olmo.Actors.Checkpoints;

/// <summary>Deletes shard files and manifests that no checkpoint names and that are older than the grace period.</summary>
/// <param name="Store">Where they live.</param>
/// <param name="InUse">Names that stay.</param>
/// <param name="Before">Files written later stay.</param>
internal sealed record GarbageCollection(IObjectStore Store, ImmutableHashSet<string> InUse, DateTimeOffset Before)
{
    /// <summary>Runs once.</summary>
    /// <returns>Number of files deleted.</returns>
    public int Run()
    {
        int deleted = 0;
        foreach (StoredObject file in Store.List("shards/").Concat(Store.List("manifests/")))
        {
            if (!InUse.Contains(file.Name) && file.WrittenAt < Before)
            {
                Store.Delete(file.Name);
                deleted++;
            }
        }

        return deleted + Store.RemoveUnfinished(Before);
    }
}
