using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Operands of one multiplication in memory with uneven leading dimensions, NaN around each matrix, and the chain by definition.</summary>
internal sealed unsafe class GemmMatrices : IDisposable
{
    private const int Guard = 16;
    private readonly GemmForm _form;
    private readonly int _m;
    private readonly int _n;
    private readonly int _k;
    private readonly int _lda;
    private readonly int _ldb;
    private readonly int _ldc;
    private readonly AlignedBuffer _a;
    private readonly AlignedBuffer _b;
    private readonly AlignedBuffer _c;
    private readonly AlignedBuffer _initial;

    public GemmMatrices(GemmForm form, int m, int n, int k, uint seed)
    {
        (_form, _m, _n, _k) = (form, m, n, k);
        _lda = (form == GemmForm.Tn ? m : k) + 3;
        _ldb = (form == GemmForm.Nt ? k : n) + 5;
        _ldc = n + 1;
        _a = Make(form == GemmForm.Tn ? k : m, form == GemmForm.Tn ? m : k, _lda, (seed * 4) + 1);
        _b = Make(form == GemmForm.Nt ? n : k, form == GemmForm.Nt ? k : n, _ldb, (seed * 4) + 2);
        _c = Make(m, n, _ldc, (seed * 4) + 3);
        _initial = Make(m, n, _ldc, (seed * 4) + 3);
    }

    public float this[int i, int j] => *(C + (i * _ldc) + j);

    private float* A => _a.Pointer<float>(Guard);

    private float* B => _b.Pointer<float>(Guard);

    private float* C => _c.Pointer<float>(Guard);

    /// <summary>The finalizer of MurmurHash3: numbers for tests, the same everywhere.</summary>
    public static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        return x ^ (x >> 16);
    }

    public void Check(ComputePool pool, SimdWidth width, GemmWorkspace workspace, bool accumulate)
    {
        Reset();
        Multiply(pool, width, workspace, 0, _k, accumulate);
        AssertBits(accumulate);
    }

    public void CheckSingle(SimdWidth width, GemmWorkspace workspace, int worker, bool accumulate)
    {
        Reset();
        MultiplySingle(width, workspace, worker, accumulate);
        AssertBits(accumulate);
    }

    public void CheckAgainstSingle(ComputePool pool, SimdWidth width, GemmWorkspace workspace)
    {
        Reset();
        MultiplySingle(width, workspace, 0, accumulate: true);
        uint[] expected = _c.Span<uint>(0, (int)(_c.LengthBytes / sizeof(float))).ToArray();
        Reset();
        Multiply(pool, width, workspace, 0, _k, accumulate: true);
        Assert.True(_c.Span<uint>(0, expected.Length).SequenceEqual(expected), $"{_form} {_m} x {_n} x {_k} differs from the single form.");
        Assert.False(_initial.Span<uint>(0, expected.Length).SequenceEqual(expected), "nothing was computed");
    }

    /// <summary>Multiplies all on the calling thread.</summary>
    public void MultiplySingle(SimdWidth width, GemmWorkspace workspace, int worker, bool accumulate)
    {
        switch (_form)
        {
            case GemmForm.Nt:
                Gemm.SingleNt(width, workspace, worker, _m, _n, _k, A, _lda, B, _ldb, C, _ldc, accumulate);
                break;
            case GemmForm.Nn:
                Gemm.SingleNn(width, workspace, worker, _m, _n, _k, A, _lda, B, _ldb, C, _ldc, accumulate);
                break;
            default:
                Gemm.SingleTn(width, workspace, worker, _m, _n, _k, A, _lda, B, _ldb, C, _ldc, accumulate);
                break;
        }
    }

    /// <summary>Multiplies depth [from, to).</summary>
    public void Multiply(ComputePool pool, SimdWidth width, GemmWorkspace workspace, int from, int to, bool accumulate)
    {
        switch (_form)
        {
            case GemmForm.Nt:
                Gemm.Nt(pool, width, workspace, _m, _n, to - from, A + from, _lda, B + from, _ldb, C, _ldc, accumulate);
                break;
            case GemmForm.Nn:
                Gemm.Nn(pool, width, workspace, _m, _n, to - from, A + from, _lda, B + (from * _ldb), _ldb, C, _ldc, accumulate);
                break;
            default:
                Gemm.Tn(pool, width, workspace, _m, _n, to - from, A + (from * _lda), _lda, B + (from * _ldb), _ldb, C, _ldc, accumulate);
                break;
        }
    }

    public void Reset() => _initial.Span<byte>(0, (int)_initial.LengthBytes).CopyTo(_c.Span<byte>(0, (int)_c.LengthBytes));

    public void Fill(float a, float b)
    {
        for (int i = 0; i < _m; i++)
        {
            SetRow(i, a);
        }

        for (int j = 0; j < _n; j++)
        {
            for (int p = 0; p < _k; p++)
            {
                *AddressB(p, j) = b;
            }
        }
    }

    /// <summary>Sets row <paramref name="i"/> of op(A).</summary>
    public void SetRow(int i, float value)
    {
        for (int p = 0; p < _k; p++)
        {
            *AddressA(i, p) = value;
        }
    }

    /// <summary>Compares C, what lies between its rows and what lies around it.</summary>
    public void AssertBits(bool accumulate)
    {
        Span<float> actual = _c.Span<float>(0, (int)(_c.LengthBytes / sizeof(float)));
        Span<float> expected = new float[actual.Length];
        _initial.Span<float>(0, actual.Length).CopyTo(expected);
        for (int i = 0; i < _m; i++)
        {
            for (int j = 0; j < _n; j++)
            {
                ref float chain = ref expected[Guard + (i * _ldc) + j];
                chain = accumulate ? chain : 0f;
                for (int p = 0; p < _k; p++)
                {
                    chain = MathF.FusedMultiplyAdd(*AddressA(i, p), *AddressB(p, j), chain);
                }
            }
        }

        for (int x = 0; x < actual.Length; x++)
        {
            if (BitConverter.SingleToUInt32Bits(actual[x]) != BitConverter.SingleToUInt32Bits(expected[x]))
            {
                int at = x - Guard;
                Assert.Fail($"{_form} {_m} x {_n} x {_k}, accumulate {accumulate}: element ({at / _ldc}, {at % _ldc}) is {actual[x]:R}, not {expected[x]:R}.");
            }
        }
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
        _initial.Dispose();
    }

    private static AlignedBuffer Make(int rows, int columns, int stride, uint seed)
    {
        AlignedBuffer buffer = AlignedBuffer.Of<float>(((long)rows * stride) + (2 * Guard));
        Span<float> all = buffer.Span<float>(0, (rows * stride) + (2 * Guard));
        all.Fill(float.NaN);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                uint bits = Mix((uint)((i * columns) + j) + (seed * 0x9E3779B9));
                // Magnitudes over eight powers of two, so that the order of additions shows.
                all[Guard + (i * stride) + j] = ((int)(bits >> 8) - (1 << 23)) / (float)(1 << 23) * (1 << (int)(bits & 7));
            }
        }

        return buffer;
    }

    private float* AddressA(int i, int p) => _form == GemmForm.Tn ? A + (p * _lda) + i : A + (i * _lda) + p;

    private float* AddressB(int p, int j) => _form == GemmForm.Nt ? B + (j * _ldb) + p : B + (p * _ldb) + j;
}
