namespace Olmo.Model.Steps;

/// <summary>What the position of a learning-rate schedule counts.</summary>
public enum ScheduleUnit
{
    /// <summary>The 1-based step number.</summary>
    Steps = 0,

    /// <summary>Tokens seen, those of the current batch included.</summary>
    Tokens = 1,
}
