using Olmo.Runtime.Storage;
using Olmo.TestKit.Storage;

namespace Olmo.Runtime.Tests.Storage;

public sealed class MemoryJournalStoreTests : JournalConformance
{
    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IJournalStore> OpenAsync() => Task.FromResult<IJournalStore>(new MemoryJournalStore());
}
