using System.Collections.Immutable;

namespace Olmo.Model.Optimization;

/// <summary>Parameters that share optimizer settings.</summary>
/// <param name="Settings">Their settings.</param>
/// <param name="Names">Their names.</param>
public sealed record ParameterGroup(AdamWSettings Settings, ImmutableArray<string> Names);
