namespace Olmo.Model.Formats;

/// <summary>Reads elements [first, first + destination.Length) of a parameter as fp32.</summary>
/// <param name="parameter">Index of the parameter in its model's list.</param>
/// <param name="first">First element.</param>
/// <param name="destination">Where they go.</param>
public delegate void ParameterReader(int parameter, long first, Span<float> destination);
