namespace Olmo.Data.Preparation;

/// <summary>What the preparation is doing.</summary>
public enum PreparationStage
{
    /// <summary>Reading the inputs' digests.</summary>
    Inputs = 0,

    /// <summary>Training or copying the tokenizer.</summary>
    Tokenizer = 1,

    /// <summary>Encoding documents into token files.</summary>
    Tokens = 2,

    /// <summary>Everything is there.</summary>
    Done = 3,
}
