using System.Runtime.CompilerServices;

namespace Olmo.Model.Numerics;

/// <summary>The floating-point mode of the calling thread: native libraries can change it, and then bits differ silently.</summary>
public static class FloatingPointMode
{
    /// <summary>True where the thread rounds to nearest even and keeps subnormal numbers as inputs and as results, in fp32 and fp64.</summary>
    public static bool IsStandard()
    {
        float tiny = Opaque(float.Epsilon);
        float smallestNormal = Opaque(1.17549435e-38f);
        double tiny64 = Opaque(double.Epsilon);
        double smallestNormal64 = Opaque(2.2250738585072014e-308);
        bool subnormals = tiny * Opaque(1f) != 0f && smallestNormal * Opaque(0.5f) != 0f && tiny + tiny != tiny
            && tiny64 * Opaque(1.0) != 0.0 && smallestNormal64 * Opaque(0.5) != 0.0;

        // Half an ulp goes to even on both sides; three quarters go up; negative numbers mirror it.
        float one = Opaque(1f);
        float half = Opaque(5.9604645e-8f);
        double one64 = Opaque(1.0);
        double half64 = Opaque(1.1102230246251565e-16);
        bool nearest = one + half == 1f && one + (half * 1.5f) == 1.0000001f && -one - half == -1f && -one - (half * 1.5f) == -1.0000001f
            && one64 + half64 == 1.0 && one64 + (half64 * 1.5) == 1.0000000000000002 && -one64 - half64 == -1.0
            && -one64 - (half64 * 1.5) == -1.0000000000000002;
        return subnormals && nearest;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Opaque(float value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double Opaque(double value) => value;
}
