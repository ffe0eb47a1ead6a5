namespace Olmo.Model.Numerics;

public static partial class Elementary
{
    /// <summary>
    /// Inverse of the error function: x with erf(x) = u, within 4 ulp. -1 and 1 give the infinities, |u| above 1 and NaN give NaN.
    /// u times a polynomial in w = -ln(1 - u^2), or in its root for the tails (the form of Giles, "Approximating the erfinv function"; own fit).
    /// </summary>
    public static double InverseErf(double u)
    {
        double product = (1.0 - u) * (1.0 + u);
        if (!(product > 0.0))
        {
            return u == 1.0 ? double.PositiveInfinity : u == -1.0 ? double.NegativeInfinity : double.NaN;
        }

        double w = -Log(product);
        if (w < 6.25)
        {
            return u * Horner(CentralInverseErf, w - 3.125);
        }

        double root = Math.Sqrt(w);
        return root < 4.0 ? u * Horner(MiddleInverseErf, root - 3.25) : u * Horner(TailInverseErf, root - 5.0625);
    }

    private static double Horner(ReadOnlySpan<double> ascending, double t)
    {
        double p = ascending[^1];
        for (int i = ascending.Length - 2; i >= 0; i--)
        {
            p = Math.FusedMultiplyAdd(p, t, ascending[i]);
        }

        return p;
    }

    private static ReadOnlySpan<double> CentralInverseErf =>
    [
        1.6536545626831027, 0.2401581824255883, -0.00603367087142785, -0.000740702534154477, 0.00018673420802464837, -1.3882523394405316e-05,
        -1.3654691850603575e-06, 4.234788173782339e-07, -2.9070382262927266e-08, -4.11266082002324e-09, 1.0512181539804126e-09,
        -5.414287198084716e-11, -1.2976885526532075e-11, 2.6304834740560442e-12, -8.118399443074353e-14, -4.001237735091896e-14,
        6.596407712420834e-15, -4.0282154327661744e-17, -1.3016928016796445e-16, 1.557432024623325e-17, 1.150022252066253e-18,
        -3.4996044354754177e-19, -1.113483769832702e-21, 3.240704459379902e-21,
    ];

    private static ReadOnlySpan<double> MiddleInverseErf =>
    [
        3.0838856104922208, 1.0052589676941592, 0.0053709145535581985, -0.0037512085075638536, 0.0024914420976198813, -0.0016882755561681802,
        0.0009532893521118177, -0.00035503751863069763, 2.4031363245440546e-05, 6.828484052292924e-05, -4.731952918337189e-05,
        1.2475343474376931e-05, 2.9273722115986924e-06, -4.013946398190292e-06, 1.4958263152984917e-06, 1.832399988132858e-08,
        -2.6860975725571463e-07, 9.071950571029922e-08, -3.831039946072411e-10,
    ];

    private static ReadOnlySpan<double> TailInverseErf =>
    [
        4.913049587233785, 1.0102806778035605, -0.0001773033612949483, -0.00019677853802492118, 7.010167456817717e-05, -1.806295233360962e-05,
        4.115357176272387e-06, -8.872227708499568e-07, 1.9558768226538614e-07, -5.231894567419205e-08, 2.0343395283506198e-08,
        -1.0319907990345242e-08, 5.385834989574248e-09, -2.5208083365866005e-09, 9.842304530389056e-10, -3.1531939171908245e-10,
        7.957682950449638e-11, 3.000753526266373e-13, -1.46441397117492e-11, 4.801222688342719e-12,
    ];
}
