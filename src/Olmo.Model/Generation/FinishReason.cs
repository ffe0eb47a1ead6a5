namespace Olmo.Model.Generation;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was chosen; it is the last id.</summary>
    StopToken = 0,

    /// <summary>The number of new tokens asked for was reached.</summary>
    Length = 1,

    /// <summary>The cache is full.</summary>
    Capacity = 2,
}
