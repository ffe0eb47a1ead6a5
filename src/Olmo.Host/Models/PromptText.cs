namespace Olmo.Host.Models;

/// <summary>A text to continue.</summary>
/// <param name="Text">The text.</param>
/// <param name="Source">Where it stands, for messages.</param>
/// <param name="Id">The user's name for it, as JSON; null: none.</param>
internal sealed record PromptText(string Text, string Source, string? Id = null);
