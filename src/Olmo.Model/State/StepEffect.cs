namespace Olmo.Model.State;

/// <summary>What a step that is done did to the state.</summary>
public enum StepEffect
{
    /// <summary>The update was applied.</summary>
    Applied = 0,

    /// <summary>Left out: loss or norm was an upward outlier. It enters the window like any finite step, so that a lasting change of level is not left out for ever.</summary>
    Spike = 1,

    /// <summary>Left out: a value was not finite or out of range.</summary>
    NotFinite = 2,

    /// <summary>As <see cref="Spike"/>, but it stays out of the window: too many in a row make the run go back, so that nothing is left out for ever.</summary>
    SpikeApart = 3,
}
