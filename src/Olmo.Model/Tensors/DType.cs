namespace Olmo.Model.Tensors;

/// <summary>Type of a tensor's elements.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary64.</summary>
    F64 = 1,

    /// <summary>Upper half of a binary32.</summary>
    BF16 = 2,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 3,

    /// <summary>Signed, 32 bits.</summary>
    I32 = 4,

    /// <summary>Signed, 64 bits.</summary>
    I64 = 5,
}
