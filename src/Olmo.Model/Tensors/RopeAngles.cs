namespace Olmo.Model.Tensors;

/// <summary>What rows are turned by: each row's position, and the sines and cosines of all positions, as <see cref="ITensorProvider.RopeTable"/> fills them.</summary>
/// <param name="Positions">I32 [rows], rows of the tables.</param>
/// <param name="Cos">[positions, e/2]</param>
/// <param name="Sin">[positions, e/2]</param>
public readonly record struct RopeAngles(Tensor Positions, Tensor Cos, Tensor Sin);
