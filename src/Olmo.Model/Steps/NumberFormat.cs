namespace Olmo.Model.Steps;

/// <summary>A format of stored numbers.</summary>
public enum NumberFormat
{
    /// <summary>IEEE single precision.</summary>
    Float32 = 0,

    /// <summary>64-bit fixed point of scale 2^-48.</summary>
    Fixed64 = 1,
}
