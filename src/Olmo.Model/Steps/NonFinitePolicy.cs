namespace Olmo.Model.Steps;

/// <summary>What happens to a step whose losses or gradients hold values that are not finite or too large.</summary>
public enum NonFinitePolicy
{
    /// <summary>The step is left out; schedule, step number and data go on.</summary>
    Skip = 0,

    /// <summary>The run stops or rolls back: its supervisor decides.</summary>
    Stop = 1,
}
