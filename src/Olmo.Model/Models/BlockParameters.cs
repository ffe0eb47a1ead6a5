namespace Olmo.Model.Models;

/// <summary>Indices of one block's parameters in the <see cref="ParameterList"/>; -1 where the family has none.</summary>
public readonly record struct BlockParameters(
    int Query,
    int Key,
    int Value,
    int Output,
    int QueryNorm,
    int KeyNorm,
    int Gate,
    int Up,
    int Down,
    int AttentionNorm,
    int FeedForwardNorm);
