namespace Olmo.Gpu.Check;

/// <summary>One comparison of a model's passes.</summary>
/// <param name="Compared">What with what.</param>
/// <param name="Error">How far apart they are; null: the device could not run it.</param>
/// <param name="Bar">Largest error allowed of logits, of losses and of all gradients together; null: for information.</param>
/// <param name="TensorBar">Largest error allowed of one parameter's gradient.</param>
/// <param name="Failure">Why the device could not.</param>
internal sealed record CheckRow(string Compared, PassError? Error, double? Bar, double TensorBar = double.PositiveInfinity, string? Failure = null)
{
    /// <summary>False for what is out of its bar; NaN is out of any.</summary>
    public bool IsWithin => Bar is null || (Error?.Worst <= Bar && Error.Gradient <= TensorBar);

    /// <summary>Cells of the table behind the model's name.</summary>
    public string[] Cells => Error is null
        ? [Compared, "-", "-", "-", "-", "-", "-", "! " + Failure]
        :
        [
            Compared, PassError.Cell(Error.Logits), PassError.Cell(Error.Losses), PassError.Cell(Error.Gradients), Bar is { } bar ? PassError.Cell(bar) : "-",
            PassError.Cell(Error.Gradient), double.IsFinite(TensorBar) ? PassError.Cell(TensorBar) : "-", Short(Error.Parameter) + (IsWithin ? "" : " !"),
        ];

    private static string Short(string parameter) => parameter.Replace("model.", "", StringComparison.Ordinal).Replace(".weight", "", StringComparison.Ordinal);
}
