using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

internal sealed partial class Fp64Provider
{
    public void Add(in Tensor a, in Tensor b, in Tensor y)
    {
        for (int i = 0; i < y.Count; i++)
        {
            Doubles(y)[i] = Doubles(a)[i] + Doubles(b)[i];
        }
    }

    public void Clamp(in Tensor x, in Tensor y, double limit)
    {
        for (int i = 0; i < y.Count; i++)
        {
            Doubles(y)[i] = Math.Clamp(Doubles(x)[i], -limit, limit);
        }
    }

    public void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit)
    {
        for (int i = 0; i < dx.Count; i++)
        {
            Doubles(dx)[i] = Math.Abs(Doubles(x)[i]) <= limit ? Doubles(dy)[i] : 0.0;
        }
    }

    public void SwiGlu(in Tensor gate, in Tensor up, in Tensor y)
    {
        for (int i = 0; i < y.Count; i++)
        {
            double a = Doubles(gate)[i];
            Doubles(y)[i] = a * Sigmoid(a) * Doubles(up)[i];
        }
    }

    public void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient)
    {
        for (int i = 0; i < dy.Count; i++)
        {
            double a = Doubles(gate)[i];
            double b = Doubles(up)[i];
            double h = Doubles(dy)[i];
            double s = Sigmoid(a);
            Doubles(upGradient)[i] = h * a * s;
            Doubles(gateGradient)[i] = h * b * s * (1.0 + (a * (1.0 - s)));
        }
    }

    public void Embedding(in Tensor table, in Tensor ids, in Tensor y)
    {
        for (int t = 0; t < ids.Count; t++)
        {
            Doubles(table.RowRange(Ints(ids)[t], 1)).CopyTo(Doubles(y.RowRange(t, 1)));
        }
    }

    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient)
    {
        for (int t = 0; t < ids.Count; t++)
        {
            Tensor row = tableGradient.RowRange(Ints(ids)[t], 1);
            Add(row, dy.RowRange(t, 1), row);
        }
    }

    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default)
    {
        for (int t = 0; t < x.Shape.Rows; t++)
        {
            Span<double> row = Doubles(x.RowRange(t, 1));
            double r = 1.0 / Math.Sqrt((Dot(row, row) / row.Length) + epsilon);
            for (int c = 0; c < row.Length; c++)
            {
                double onto = residual.IsNone ? 0.0 : Doubles(residual.RowRange(t, 1))[c];
                Doubles(y.RowRange(t, 1))[c] = onto + (Doubles(weight)[c] * row[c] * r);
            }

            if (!rstd.IsNone)
            {
                Doubles(rstd)[t] = r;
            }
        }
    }

    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        Span<double> w = Doubles(weight);
        Span<double> dw = Doubles(weightGradient);
        if (!accumulate)
        {
            dw.Clear();
        }

        for (int t = 0; t < x.Shape.Rows; t++)
        {
            double r = Doubles(rstd)[t];
            Span<double> row = Doubles(x.RowRange(t, 1));
            double[] g = Doubles(dy.RowRange(t, 1)).ToArray();
            double mean = 0.0;
            for (int c = 0; c < row.Length; c++)
            {
                dw[c] += g[c] * row[c] * r;
                g[c] *= w[c];
                mean += g[c] * row[c] * r / row.Length;
            }

            for (int c = 0; c < row.Length; c++)
            {
                Doubles(dx.RowRange(t, 1))[c] = r * (g[c] - (row[c] * r * mean));
            }
        }
    }

    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon)
    {
        for (int t = 0; t < x.Shape.Rows; t++)
        {
            double[] row = Doubles(x.RowRange(t, 1)).ToArray();
            double m = 0.0;
            foreach (double v in row)
            {
                m += v / row.Length;
            }

            double variance = 0.0;
            foreach (double v in row)
            {
                variance += (v - m) * (v - m) / row.Length;
            }

            double r = 1.0 / Math.Sqrt(variance + epsilon);
            for (int c = 0; c < row.Length; c++)
            {
                Doubles(y.RowRange(t, 1))[c] = (row[c] - m) * r;
            }

            if (!mean.IsNone)
            {
                Doubles(mean)[t] = m;
                Doubles(rstd)[t] = r;
            }
        }
    }

    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx)
    {
        for (int t = 0; t < x.Shape.Rows; t++)
        {
            double m = Doubles(mean)[t];
            double r = Doubles(rstd)[t];
            Span<double> row = Doubles(x.RowRange(t, 1));
            double[] g = Doubles(dy.RowRange(t, 1)).ToArray();
            double meanG = 0.0;
            double meanGn = 0.0;
            for (int c = 0; c < g.Length; c++)
            {
                meanG += g[c] / g.Length;
                meanGn += g[c] * (row[c] - m) * r / g.Length;
            }

            for (int c = 0; c < g.Length; c++)
            {
                Doubles(dx.RowRange(t, 1))[c] = r * (g[c] - meanG - ((row[c] - m) * r * meanGn));
            }
        }
    }

    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin)
    {
        int half = spectrum.HeadWidth / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Elementary.Pow(spectrum.Theta, -2.0 * i / spectrum.HeadWidth))];
        double magnitude = 1.0;
        if (spectrum.Yarn is { } yarn)
        {
            double DimensionOf(double turns) =>
                spectrum.HeadWidth * Elementary.Log(yarn.OriginalContext / (2.0 * Math.PI * turns)) / (2.0 * Elementary.Log(spectrum.Theta));
            double low = Math.Max(Math.Floor(DimensionOf(yarn.BetaFast)), 0.0);
            double high = Math.Min(Math.Ceiling(DimensionOf(yarn.BetaSlow)), spectrum.HeadWidth - 1.0);
            magnitude = yarn.AttentionFactor ?? ((0.1 * Elementary.Log(yarn.Factor)) + 1.0);
            for (int i = 0; i < half; i++)
            {
                double ramp = Math.Clamp((i - low) / (high == low ? 0.001 : high - low), 0.0, 1.0);
                frequencies[i] = (frequencies[i] * (1.0 - ramp)) + (frequencies[i] / yarn.Factor * ramp);
            }
        }

        for (int t = 0; t < cos.Shape.Rows; t++)
        {
            for (int i = 0; i < half; i++)
            {
                Doubles(cos)[(t * half) + i] = Elementary.Cos(t * frequencies[i]) * magnitude;
                Doubles(sin)[(t * half) + i] = Elementary.Sin(t * frequencies[i]) * magnitude;
            }
        }
    }

    public void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity)
    {
        Clamp(x, y, limit);
        Turn(y, angles, y, 1.0);
    }

    public void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx) => Turn(dy, angles, dx, -1.0);

    public void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y)
    {
        RmsNorm(x, weight, y, rstd, epsilon);
        Turn(y, angles, y, 1.0);
    }

    public void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        Turn(dy, angles, dx, -1.0);
        RmsNormGradient(dx, x, weight, rstd, dx, weightGradient, accumulate);
    }

    private static void Turn(in Tensor x, in RopeAngles angles, in Tensor y, double direction)
    {
        int half = (int)angles.Cos.Shape.Columns;
        for (int t = 0; t < x.Shape.Rows; t++)
        {
            Span<double> c = Doubles(angles.Cos.RowRange(Ints(angles.Positions)[t], 1));
            Span<double> s = Doubles(angles.Sin.RowRange(Ints(angles.Positions)[t], 1));
            Span<double> from = Doubles(x.RowRange(t, 1));
            Span<double> to = Doubles(y.RowRange(t, 1));
            for (int h = 0; h < from.Length; h += 2 * half)
            {
                for (int i = h; i < h + half; i++)
                {
                    (double a, double b) = (from[i], from[i + half]);
                    to[i] = (a * c[i - h]) - (b * s[i - h] * direction);
                    to[i + half] = (b * c[i - h]) + (a * s[i - h] * direction);
                }
            }
        }
    }
}
