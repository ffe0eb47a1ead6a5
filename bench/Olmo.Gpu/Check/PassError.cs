using System.Globalization;

namespace Olmo.Gpu.Check;

/// <summary>How far a pass is from another: ‖x - reference‖ / ‖reference‖ of logits, of losses, of all gradients together and of the worst one.</summary>
/// <param name="Logits">Of all logits.</param>
/// <param name="Losses">Of all losses.</param>
/// <param name="Gradients">Of the gradient as one vector over all parameters, as its norm is taken.</param>
/// <param name="Gradient">Of the worst gradient. What is below a five-hundredth of the whole gradient counts as that much: queries and keys of a token alone have gradients of rounding.</param>
/// <param name="Parameter">Whose gradient that is.</param>
internal sealed record PassError(double Logits, double Losses, double Gradients, double Gradient, string Parameter)
{
    private const double LeastShare = 2e-3;

    /// <summary>The largest of logits, losses and all gradients; NaN where one is.</summary>
    public double Worst => Math.Max(Math.Max(Logits, Losses), Gradients);

    /// <summary>Compares.</summary>
    public static PassError Between(ModelPass pass, ModelPass reference)
    {
        (double squares, double differences) = (0.0, 0.0);
        foreach ((string name, double[] gradient) in reference.Gradients)
        {
            squares += Squares(gradient, null);
            differences += pass.Gradients[name].Length == gradient.Length ? Squares(pass.Gradients[name], gradient) : double.NaN;
        }

        (double worst, string parameter) = (-1.0, "");
        foreach ((string name, double[] expected) in reference.Gradients)
        {
            double error = Relative(pass.Gradients[name], expected, LeastShare * Math.Sqrt(squares));
            if (double.IsNaN(error) || error > worst)
            {
                (worst, parameter) = (error, name);
            }

            if (double.IsNaN(worst))
            {
                break;
            }
        }

        return new PassError(Relative(pass.Logits, reference.Logits, 0.0), Relative(pass.Losses, reference.Losses, 0.0), Math.Sqrt(differences / squares), worst, parameter);
    }

    /// <summary>As a cell.</summary>
    public static string Cell(double error) => error.ToString("0.0e+0", CultureInfo.InvariantCulture);

    private static double Relative(double[] values, double[] expected, double least) =>
        values.Length == expected.Length ? Math.Sqrt(Squares(values, expected)) / Math.Max(Math.Sqrt(Squares(expected, null)), least) : double.NaN;

    private static double Squares(double[] values, double[]? from)
    {
        double sum = 0.0;
        for (int i = 0; i < values.Length; i++)
        {
            double d = values[i] - (from is null ? 0.0 : from[i]);
            sum += d * d;
        }

        return sum;
    }
}
