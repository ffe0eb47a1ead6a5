namespace Olmo.Model.Steps;

/// <summary>How the numbers of a <see cref="SumFrame"/> are written.</summary>
public enum SumPayload
{
    /// <summary>Gradient of a single group as fp32: the receiver rounds it to fixed point, with the same result.</summary>
    Float32 = 1,

    /// <summary>Sum of groups as 64-bit fixed point of scale 2^-48.</summary>
    Fixed64 = 2,
}
