namespace Olmo.Model.State;

/// <summary>What a step that is done did to the state.</summary>
public enum StepEffect
{
    /// <summary>The update was applied.</summary>
    Applied = 0,

    /// <summary>Left out: loss or norm was an upward outlier.</summary>
    Spike = 1,

    /// <summary>Left out: a value was not finite or out of range.</summary>
    NotFinite = 2,
}
