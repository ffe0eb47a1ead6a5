using Olmo.Model.Generation;

namespace Olmo.Host.Models;

/// <summary>A text that was generated after a prompt.</summary>
/// <param name="Text">The new text.</param>
/// <param name="Tokens">New tokens, the end of text included.</param>
/// <param name="Reason">Why it ended.</param>
internal sealed record ContinuedText(string Text, int Tokens, FinishReason Reason);
