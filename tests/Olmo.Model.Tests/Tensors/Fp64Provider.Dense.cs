using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

internal sealed partial class Fp64Provider
{
    public void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false)
    {
        int rows = (int)x.Shape.Rows;
        int depth = (int)x.Shape.Columns;
        int columns = (int)weight.Shape.Rows;
        Span<double> a = Doubles(x);
        Span<double> w = Seen(weight);
        Span<double> c = Doubles(y);
        for (int t = 0; t < rows; t++)
        {
            for (int o = 0; o < columns; o++)
            {
                double sum = accumulate ? c[(t * columns) + o] : 0.0;
                for (int i = 0; i < depth; i++)
                {
                    sum += a[(t * depth) + i] * w[(o * depth) + i];
                }

                c[(t * columns) + o] = sum;
            }
        }
    }

    public void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false)
    {
        int rows = (int)dy.Shape.Rows;
        int outputs = (int)dy.Shape.Columns;
        int inputs = (int)weight.Shape.Columns;
        Span<double> g = Doubles(dy);
        Span<double> w = Seen(weight);
        Span<double> d = Doubles(dx);
        for (int t = 0; t < rows; t++)
        {
            for (int i = 0; i < inputs; i++)
            {
                double sum = accumulate ? d[(t * inputs) + i] : 0.0;
                for (int o = 0; o < outputs; o++)
                {
                    sum += g[(t * outputs) + o] * w[(o * inputs) + i];
                }

                d[(t * inputs) + i] = sum;
            }
        }
    }

    public void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate)
    {
        int rows = (int)dy.Shape.Rows;
        int outputs = (int)dy.Shape.Columns;
        int inputs = (int)x.Shape.Columns;
        Span<double> g = Doubles(dy);
        Span<double> a = Doubles(x);
        Span<double> d = Doubles(weightGradient);
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                double sum = accumulate ? d[(o * inputs) + i] : 0.0;
                for (int t = 0; t < rows; t++)
                {
                    sum += g[(t * outputs) + o] * a[(t * inputs) + i];
                }

                d[(o * inputs) + i] = sum;
            }
        }
    }

    public void LossHead(in LossHeadPass pass)
    {
        int rows = (int)pass.Input.Shape.Rows;
        int vocabulary = (int)pass.Weight.Shape.Rows;
        double[] logits = new double[vocabulary];
        for (int t = 0; t < rows; t++)
        {
            Tensor row = pass.Input.RowRange(t, 1);
            for (int j = 0; j < vocabulary; j++)
            {
                logits[j] = Dot(Doubles(row), Seen(pass.Weight.RowRange(j, 1)));
            }

            Loss(pass, t, logits);
            if (!pass.InputGradient.IsNone)
            {
                Spread(pass, t, logits);
            }
        }
    }

    // A weight of a product.
    private static Span<double> Seen(in Tensor weight)
    {
        if (!weight.IsSeenAsBFloat16)
        {
            return Doubles(weight);
        }

        double[] rounded = Doubles(weight).ToArray();
        for (int i = 0; i < rounded.Length; i++)
        {
            rounded[i] = BFloat16.Widen(BFloat16.Round((float)rounded[i]));
        }

        return rounded;
    }

    // Losses of a row; its logits become their gradient.
    private static void Loss(in LossHeadPass pass, int t, double[] logits)
    {
        int label = Ints(pass.Labels)[t];
        bool counts = label != LossHeadPass.IgnoredLabel;
        double weight = !counts ? 0.0 : pass.Weights.IsNone ? 1.0 : Doubles(pass.Weights)[t];
        double max = logits.Max();
        double sum = 0.0;
        foreach (double z in logits)
        {
            sum += Elementary.Exp(z - max);
        }

        double lse = max + Elementary.Log(sum);
        double entropy = counts ? lse - logits[label] : 0.0;
        Doubles(pass.CrossEntropy)[t] = weight * entropy;
        Doubles(pass.ZLoss)[t] = weight * pass.ZMultiplier * lse * lse;
        if (!pass.LogProbability.IsNone)
        {
            Doubles(pass.LogProbability)[t] = -entropy;
        }

        for (int j = 0; j < logits.Length; j++)
        {
            double p = Elementary.Exp(logits[j] - lse) * (1.0 + (2.0 * pass.ZMultiplier * lse));
            logits[j] = weight / pass.Divisor * (p - (j == label ? 1.0 : 0.0));
        }
    }

    private static void Spread(in LossHeadPass pass, int t, double[] dz)
    {
        Span<double> x = Doubles(pass.Input.RowRange(t, 1));
        Span<double> dx = Doubles(pass.InputGradient.RowRange(t, 1));
        dx.Clear();
        for (int j = 0; j < dz.Length; j++)
        {
            Span<double> w = Seen(pass.Weight.RowRange(j, 1));
            Span<double> dw = Doubles(pass.WeightGradient.RowRange(j, 1));
            for (int c = 0; c < x.Length; c++)
            {
                dx[c] += dz[j] * w[c];
                dw[c] = (t == 0 && !pass.Accumulate ? 0.0 : dw[c]) + (dz[j] * x[c]);
            }
        }
    }

    private static double Dot(Span<double> a, Span<double> b)
    {
        double sum = 0.0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
