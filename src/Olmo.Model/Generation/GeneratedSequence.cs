using System.Collections.Immutable;

namespace Olmo.Model.Generation;

/// <summary>A generated sequence.</summary>
/// <param name="Ids">New tokens, the stop token included.</param>
/// <param name="Reason">Why it ended.</param>
public sealed record GeneratedSequence(ImmutableArray<int> Ids, FinishReason Reason);
