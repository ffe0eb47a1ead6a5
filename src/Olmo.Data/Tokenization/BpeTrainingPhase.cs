namespace Olmo.Data.Tokenization;

public enum BpeTrainingPhase
{
    /// <summary>Reading documents and counting pieces.</summary>
    Counting = 1,

    /// <summary>Choosing merges.</summary>
    Merging = 2,

    Done = 3,
}
