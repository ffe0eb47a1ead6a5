namespace Olmo.Data.Preparation;

/// <summary>Where the preparation stands.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Message">One line for people.</param>
/// <param name="Fraction">Share of the stage that is done, 0 to 1; null where unknown.</param>
/// <param name="Documents">Documents so far in this stage.</param>
/// <param name="Tokens">Tokens so far in this stage.</param>
public sealed record PreparationProgress(PreparationStage Stage, string Message, double? Fraction = null, long Documents = 0, long Tokens = 0);
