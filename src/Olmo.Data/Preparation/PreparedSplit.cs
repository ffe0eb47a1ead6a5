using Olmo.Data.Instances;

namespace Olmo.Data.Preparation;

/// <summary>The token files of one part of the text.</summary>
/// <param name="Files">In the order of the documents.</param>
/// <param name="Tokens">Ids, EOS included.</param>
/// <param name="Documents">Documents.</param>
/// <param name="TextBytes">UTF-8 bytes of their text.</param>
public sealed record PreparedSplit(IReadOnlyList<TokenFileEntry> Files, long Tokens, long Documents, long TextBytes);
