using Olmo.Model.Formats;

namespace Olmo.Conformance.Models;

/// <summary>Whole tensors of the reference data.</summary>
internal static class GoldenTensors
{
    public static int[] Integers(this SafetensorsReader file, string name)
    {
        SafetensorsTensor tensor = file.Find(name);
        long[] values = new long[tensor.Elements];
        file.ReadIntegers(tensor, 0, values);
        return Array.ConvertAll(values, v => checked((int)v));
    }

    public static double[] Doubles(this SafetensorsReader file, string name)
    {
        SafetensorsTensor tensor = file.Find(name);
        double[] values = new double[tensor.Elements];
        file.ReadDoubles(tensor, 0, values);
        return values;
    }

    public static double[] Widened(this float[] values) => Array.ConvertAll(values, v => (double)v);
}
