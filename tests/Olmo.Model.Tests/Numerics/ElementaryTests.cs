#pragma warning disable RS0030 // the platform's functions are one of the oracles here
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Numerics;

public sealed class ElementaryTests
{
    /// <summary>Function, argument, value: computed with 50 digits and rounded.</summary>
    private static readonly (string Function, double X, double Y)[] Values =
    [
        ("exp", 0.0, 1.0),
        ("exp", 1.0, 2.718281828459045),
        ("exp", -1.0, 0.36787944117144233),
        ("exp", 0.5, 1.6487212707001282),
        ("exp", 1e-10, 1.0000000001),
        ("exp", -1e-10, 0.9999999999),
        ("exp", 0.34657, 1.4142084849595797),
        ("exp", -0.34658, 0.7071022488445762),
        ("exp", 10.25, 28282.541920334977),
        ("exp", -20.75, 9.736200313009565e-10),
        ("exp", 100.1, 2.9708288895158073e+43),
        ("exp", -100.1, 3.3660639410403144e-44),
        ("exp", 700.3, 1.3690700720098904e+304),
        ("exp", 709.78, 1.7928227943945155e+308),
        ("exp", -708.5, 2.006132305331306e-308),
        ("exp", -740.2, 3.4e-322),
        ("log", 1.0, 0.0),
        ("log", 1.0000000000000002, 2.2204460492503128e-16),
        ("log", 0.9999999999999999, -1.1102230246251565e-16),
        ("log", 0.5, -0.6931471805599453),
        ("log", 2.0, 0.6931471805599453),
        ("log", 0.70710678, -0.3465735919580042),
        ("log", 0.7071068, -0.3465735636737333),
        ("log", 1.4142135, 0.3465735461755332),
        ("log", 1.4142136, 0.346573616886212),
        ("log", 3.3, 1.1939224684724346),
        ("log", 10.0, 2.302585092994046),
        ("log", 10000000000.0, 23.025850929940457),
        ("log", 1e-10, -23.025850929940457),
        ("log", 1e+300, 690.7755278982137),
        ("log", 2.3e-308, -708.363299519231),
        ("log", 5e-324, -744.4400719213812),
        ("log", 123456.789, 11.723646487185881),
        ("log", 1.5, 0.4054651081081644),
        ("log", 0.99, -0.01005033585350145),
        ("log", 1.01, 0.009950330853168092),
        ("sin", 0.0, 0.0),
        ("sin", 1e-09, 1e-09),
        ("sin", 0.1, 0.09983341664682815),
        ("sin", 0.7853981633974483, 0.7071067811865475),
        ("sin", 0.8, 0.7173560908995228),
        ("sin", 1.0, 0.8414709848078965),
        ("sin", 1.5707963267948966, 1.0),
        ("sin", 2.0, 0.9092974268256817),
        ("sin", 3.0, 0.1411200080598672),
        ("sin", 3.141592653589793, 1.2246467991473532e-16),
        ("sin", 4.0, -0.7568024953079282),
        ("sin", 6.283185307179586, -2.4492935982947064e-16),
        ("sin", 10.0, -0.5440211108893698),
        ("sin", 100.5, -0.030959966783271346),
        ("sin", 1000.0, 0.8268795405320025),
        ("sin", 4095.0, -0.9978212103769744),
        ("sin", 65535.0, 0.9813275592311402),
        ("sin", 123456.78, -0.9990886832374133),
        ("sin", -2.5, -0.5984721441039565),
        ("sin", -17.0, 0.9613974918795568),
        ("sin", 1000000.25, -0.10735686657997945),
        ("sin", 2000000000.0, 0.9147104586490412),
        ("cos", 0.0, 1.0),
        ("cos", 1e-09, 1.0),
        ("cos", 0.1, 0.9950041652780258),
        ("cos", 0.7853981633974483, 0.7071067811865476),
        ("cos", 0.8, 0.6967067093471654),
        ("cos", 1.0, 0.5403023058681398),
        ("cos", 1.5707963267948966, 6.123233995736766e-17),
        ("cos", 2.0, -0.4161468365471424),
        ("cos", 3.0, -0.9899924966004454),
        ("cos", 3.141592653589793, -1.0),
        ("cos", 4.0, -0.6536436208636119),
        ("cos", 4.71238898038469, -1.8369701987210297e-16),
        ("cos", 10.0, -0.8390715290764524),
        ("cos", 100.5, 0.9995206253283515),
        ("cos", 1000.0, 0.5623790762907029),
        ("cos", 4095.0, -0.0659759965580649),
        ("cos", 65535.0, 0.19234401860586398),
        ("cos", 123456.78, 0.04268258458589125),
        ("cos", -2.5, -0.8011436155469337),
        ("cos", -17.0, -0.27516333805159693),
        ("cos", 1000000.25, 0.9942205505812725),
        ("cos", 2000000000.0, 0.4041098573878899),
        ("tanh", 0.0, 0.0),
        ("tanh", 1e-08, 1e-08),
        ("tanh", 0.01, 0.00999966667999946),
        ("tanh", 0.1, 0.09966799462495582),
        ("tanh", 0.16, 0.1586485042974989),
        ("tanh", 0.169, 0.16740923473678515),
        ("tanh", 0.17, 0.16838104587081473),
        ("tanh", 0.3, 0.2913126124515909),
        ("tanh", 0.5, 0.46211715726000974),
        ("tanh", 1.0, 0.7615941559557649),
        ("tanh", 2.0, 0.9640275800758169),
        ("tanh", 5.0, 0.9999092042625951),
        ("tanh", 10.0, 0.9999999958776927),
        ("tanh", 30.0, 1.0),
        ("tanh", -0.05, -0.04995837495787998),
        ("tanh", -3.0, -0.9950547536867305),
        ("inverf", 0.0, 0.0),
        ("inverf", 1e-10, 8.862269254527581e-11),
        ("inverf", 0.01, 0.008862501280950598),
        ("inverf", 0.1, 0.08885599049425769),
        ("inverf", 0.25, 0.2253120550121781),
        ("inverf", 0.5, 0.4769362762044699),
        ("inverf", 0.7, 0.7328690779592167),
        ("inverf", 0.9, 1.1630871536766743),
        ("inverf", 0.99, 1.8213863677184494),
        ("inverf", 0.997, 2.0985076117936705),
        ("inverf", 0.9973002039367398, 2.121320343559641),
        ("inverf", 0.998, 2.1851242191330043),
        ("inverf", 0.99806, 2.1915128234184187),
        ("inverf", 0.9999, 2.75106390571208),
        ("inverf", 0.99999999, 4.052237243268763),
        ("inverf", 0.99999995, 3.8546585768801367),
        ("inverf", 0.9999999999, 4.572824958544925),
        ("inverf", 0.9999999999999999, 5.8635847487551676),
        ("inverf", -0.3, -0.2724627147267543),
        ("inverf", -0.995, -1.984872612615532),
    ];

    /// <summary>Base, exponent, power: computed with 50 digits and rounded.</summary>
    private static readonly (double X, double Y, double Power)[] Powers =
    [
        (10000.0, -0.015625, 0.8659643233600653),
        (500000.0, -0.984375, 2.455140791131609e-06),
        (0.9, 1000.0, 1.7478712517226947e-46),
        (0.95, 3.0, 0.8573749999999999),
        (0.999, 50000.0, 1.8810974691235773e-22),
        (2.0, 0.5, 1.4142135623730951),
        (1.0000001, 10000000.0, 2.7182816941320818),
        (10.0, -300.5, 3.1622776601683794e-301),
        (1e-05, 60.2, 9.999999999999723e-302),
        (3.0, 200.25, 3.495676682361912e+95),
        (0.5, 1074.0, 5e-324),
        (7.0, 3.0, 343.0),
    ];

    [Fact]
    public void Fp64Functions_FiftyDigitValues_WithinAFewUlp()
    {
        foreach ((string function, double x, double y) in Values)
        {
            (double actual, int ulps) = function switch
            {
                "exp" => (Elementary.Exp(x), 1),
                "log" => (Elementary.Log(x), 1),
                "sin" => (Elementary.Sin(x), 1),
                "cos" => (Elementary.Cos(x), 1),
                "tanh" => (Elementary.Tanh(x), 3),
                "inverf" => (Elementary.InverseErf(x), 4),
                _ => throw new InvalidOperationException(function),
            };
            Assert.True(UlpsApart(y, actual) <= ulps, $"{function}({x:R}) is {actual:R}, expected {y:R}: {UlpsApart(y, actual)} ulp.");
        }

        foreach ((double x, double y, double power) in Powers)
        {
            double actual = Elementary.Pow(x, y);
            Assert.True(UlpsApart(power, actual) <= 2, $"pow({x:R}, {y:R}) is {actual:R}, expected {power:R}.");
        }
    }

    [Fact]
    public void Fp64Functions_DenseSweep_AgreeWithThePlatform()
    {
        RandomStream stream = new(1, "sweep");
        for (ulong i = 0; i < 50_000; i++)
        {
            double u = stream.Uniform(i);
            double x = (u - 0.5) * 1400;
            Assert.True(UlpsApart(Math.Exp(x), Elementary.Exp(x)) <= 2, $"exp({x:R})");
            double wide = Math.Exp(x);
            Assert.True(UlpsApart(Math.Log(wide), Elementary.Log(wide)) <= 2, $"log({wide:R})");
            double near = 1 + ((u - 0.5) * 0.7);
            Assert.True(UlpsApart(Math.Log(near), Elementary.Log(near)) <= 2, $"log({near:R})");
            double angle = (u - 0.5) * 2e5;
            Assert.True(UlpsApart(Math.Sin(angle), Elementary.Sin(angle)) <= 2, $"sin({angle:R})");
            Assert.True(UlpsApart(Math.Cos(angle), Elementary.Cos(angle)) <= 2, $"cos({angle:R})");
            double t = (u - 0.5) * 8;
            Assert.True(UlpsApart(Math.Tanh(t), Elementary.Tanh(t)) <= 4, $"tanh({t:R})");
            double power = Math.Pow(near, x / 10);
            Assert.True(UlpsApart(power, Elementary.Pow(near, x / 10)) <= 2, $"pow({near:R}, {x / 10:R})");
        }
    }

    [Fact]
    public void Exp32_SweepOfAllPatterns_WithinOneUlp()
    {
        for (long pattern = 0; pattern <= uint.MaxValue; pattern += 12007)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)pattern);
            float actual = Elementary.Exp(x);
            if (float.IsNaN(x))
            {
                Assert.True(float.IsNaN(actual));
                continue;
            }

            double exact = Math.Exp((double)x);
            if (exact > 3.4028235677973366e38)
            {
                Assert.Equal(float.PositiveInfinity, actual);
                continue;
            }

            float rounded = (float)exact;
            double ulp = Math.Max(MathF.BitIncrement(rounded) - (double)rounded, float.Epsilon);
            Assert.True(Math.Abs(exact - actual) <= 1.0 * ulp, $"exp({x:R}) is {actual:R}, exact {exact:R}");
        }
    }

    [Fact]
    public void Fp32Functions_SweepOfPatterns_WithinTwoUlp()
    {
        for (long pattern = 0; pattern <= uint.MaxValue; pattern += 40009)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)pattern);
            if (!float.IsFinite(x))
            {
                continue;
            }

            if (x > 0)
            {
                Assert.True(UlpsApart32((float)Math.Log((double)x), Elementary.Log(x)) <= 1, $"log({x:R})");
            }

            double sigmoid = 1 / (1 + Math.Exp(-(double)x));
            Assert.True(Math.Abs(sigmoid - Elementary.Sigmoid(x)) <= (3e-7 * sigmoid) + 1.2e-38, $"sigmoid({x:R})");
            Assert.True(UlpsApart32((float)Math.Tanh((double)x), Elementary.Tanh(x)) <= 1, $"tanh({x:R})");
        }
    }

    [Fact]
    public void SpecialArguments_GiveTheUsualResults()
    {
        Assert.Equal(0.0, Elementary.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, Elementary.Exp(double.PositiveInfinity));
        Assert.Equal(double.NaN, Elementary.Exp(double.NaN));
        Assert.Equal(1f, Elementary.Exp(0f));
        Assert.Equal(0f, Elementary.Exp(float.NegativeInfinity));
        Assert.Equal(float.PositiveInfinity, Elementary.Exp(float.PositiveInfinity));
        Assert.Equal(float.Epsilon, Elementary.Exp(-103.2f));
        Assert.Equal(double.NegativeInfinity, Elementary.Log(0.0));
        Assert.Equal(double.NaN, Elementary.Log(-1.0));
        Assert.Equal(double.PositiveInfinity, Elementary.Log(double.PositiveInfinity));
        Assert.Equal(1.0, Elementary.Pow(0.0, 0.0));
        Assert.Equal(0.0, Elementary.Pow(0.0, 2.0));
        Assert.Equal(double.PositiveInfinity, Elementary.Pow(0.0, -2.0));
        Assert.Equal(0.0, Elementary.Pow(0.5, 5000.0));
        Assert.Equal(double.PositiveInfinity, Elementary.InverseErf(1.0));
        Assert.Equal(double.NaN, Elementary.InverseErf(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Elementary.Sin(1e15));
        Assert.Throws<ArgumentOutOfRangeException>(() => Elementary.Cos(double.NaN));
        Assert.True(double.IsNegative(Elementary.Tanh(-0.0)));
    }

    [Fact]
    public void FloatingPointMode_OfATestThread_IsStandard() => Assert.True(FloatingPointMode.IsStandard());

    private static long UlpsApart(double a, double b) =>
        a.Equals(b) ? 0 : double.IsNaN(a) || double.IsNaN(b) ? long.MaxValue : Math.Abs(Ordered(BitConverter.DoubleToInt64Bits(a)) - Ordered(BitConverter.DoubleToInt64Bits(b)));

    private static long UlpsApart32(float a, float b) =>
        a.Equals(b) ? 0 : float.IsNaN(a) || float.IsNaN(b) ? long.MaxValue : Math.Abs((long)Ordered32(a) - Ordered32(b));

    private static long Ordered(long bits) => bits < 0 ? long.MinValue - bits : bits;

    private static int Ordered32(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits < 0 ? int.MinValue - bits : bits;
    }
}
