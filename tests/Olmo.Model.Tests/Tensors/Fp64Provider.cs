using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>
/// The provider's operations as plain formulas in double, one thread: what other providers are held against, and what finite differences are taken of. Tensors
/// that are planned as F32 hold doubles, and can be read and written as such.
/// </summary>
internal sealed partial class Fp64Provider : ITensorProvider
{
    public string Device => "fp64";

    public IReadOnlyCollection<Precision> Precisions { get; } = [Precision.Single, Precision.BFloat16];

    public IReadOnlyCollection<DType> ActivationTypes { get; } = [DType.F32];

    public int LeastProductRows => 512;

    public BufferSet Allocate(BufferPlan plan) => new Set(plan);

    public void Write<T>(in Tensor destination, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Assert.Equal(destination.Count, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            if (typeof(T) == typeof(int))
            {
                Ints(destination)[i] = (int)(object)values[i];
            }
            else if (typeof(T) == typeof(long))
            {
                Longs(destination)[i] = (long)(object)values[i];
            }
            else
            {
                Doubles(destination)[i] = typeof(T) == typeof(float) ? (float)(object)values[i] : (double)(object)values[i];
            }
        }
    }

    public ReadOnlySpan<T> View<T>(in Tensor source)
        where T : unmanaged
    {
        T[] values = new T[source.Count];
        Read(source, values.AsSpan());
        return values;
    }

    public void Read<T>(in Tensor source, Span<T> values)
        where T : unmanaged
    {
        Assert.Equal(source.Count, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = source.DType switch
            {
                DType.I32 => (T)(object)Ints(source)[i],
                DType.I64 => (T)(object)Longs(source)[i],
                _ => typeof(T) == typeof(float) ? (T)(object)(float)Doubles(source)[i] : (T)(object)Doubles(source)[i],
            };
        }
    }

    public void Zero(in Tensor tensor)
    {
        switch (tensor.DType)
        {
            case DType.I32:
                Ints(tensor).Clear();
                break;
            case DType.I64:
                Longs(tensor).Clear();
                break;
            default:
                Doubles(tensor).Clear();
                break;
        }
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        if (source.DType == DType.I64)
        {
            Longs(source).CopyTo(Longs(destination));
        }
        else
        {
            Doubles(source).CopyTo(Doubles(destination));
        }
    }

    public void AddInOrder(in Tensor values, in Tensor total)
    {
        foreach (double value in Doubles(values))
        {
            Doubles(total)[0] += value;
        }
    }

    public void Pack(in Tensor rows, in Tensor packed, long firstRow)
    {
        Assert.True(packed.Buffer.IsPacked);
        Doubles(rows).CopyTo(Doubles(packed)[(int)(firstRow * packed.Shape.Columns)..]);
    }

    public void RoundToBFloat16(in Tensor x, in Tensor y, in Tensor stored)
    {
        for (int i = 0; i < x.Count; i++)
        {
            double rounded = BFloat16.Widen(BFloat16.Round((float)Doubles(x)[i]));
            if (!y.IsNone)
            {
                Doubles(y)[i] = rounded;
            }

            if (!stored.IsNone)
            {
                Doubles(stored)[i] = rounded;
            }
        }
    }

    public void Widen(in Tensor stored, in Tensor y) => Doubles(stored).CopyTo(Doubles(y));

    public void Dispose()
    {
    }

    public static Span<double> Doubles(in Tensor tensor) => ((Buffer)tensor.Buffer).Values.AsSpan((int)tensor.Offset, (int)tensor.Count);

    private static Span<int> Ints(in Tensor tensor) => ((Buffer)tensor.Buffer).Integers.AsSpan((int)tensor.Offset, (int)tensor.Count);

    private static Span<long> Longs(in Tensor tensor) => ((Buffer)tensor.Buffer).LongIntegers.AsSpan((int)tensor.Offset, (int)tensor.Count);

    private static double Sigmoid(double a) => 1.0 / (1.0 + Elementary.Exp(-a));

    private sealed class Buffer(string name, DType dtype, long count, bool isPacked) : TensorBuffer("fp64", name, dtype, count, isPacked)
    {
        public double[] Values { get; } = new double[dtype is DType.I32 or DType.I64 ? 0 : count];

        public int[] Integers { get; } = new int[dtype == DType.I32 ? count : 0];

        public long[] LongIntegers { get; } = new long[dtype == DType.I64 ? count : 0];
    }

    private sealed class Set(BufferPlan plan) : BufferSet(
        [.. Enumerable.Range(0, plan.Count).Select(i => plan[new TensorSlot(i)]).Select(e => new Tensor(new Buffer(e.Name, e.DType, e.Elements, e.IsPacked), 0, e.Shape))])
    {
        protected override void Dispose(bool disposing)
        {
        }
    }
}
