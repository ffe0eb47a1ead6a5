using System.Runtime.CompilerServices;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// One row times a packed weight: what decoding one token does. It reads the weight once and waits for memory only: a thread has a share of the panels in one piece and reads four streams of it
/// side by side, each from its start to its end, which keeps more lines on their way than one stream does. The chains are those of <see cref="Gemm"/>; four panels have enough of them to hide
/// the latency of a multiply-add.
/// </summary>
internal static unsafe class Gemv
{
    private const int Streams = 4;
    private const int MostShares = 32;
    private const int CounterStride = 8; // a cache line

    /// <summary>The product of a problem with one row of A and packed panels, over the pool.</summary>
    public static void Run(ComputePool pool, in GemmProblem problem)
    {
        nint panels = (problem.N + problem.LanesB - 1) / problem.LanesB;
        int shares = (int)Math.Min(Math.Min(pool.Threads, MostShares), panels);
        long* taken = stackalloc long[MostShares * CounterStride];
        new Span<long>(taken, shares * CounterStride).Clear();
        Job job = new() { Problem = problem, Panels = panels, Shares = shares, Taken = taken };
        pool.Run(ref job, shares);
    }

    private struct Job : IRangeJob
    {
        public GemmProblem Problem;
        public nint Panels;
        public int Shares;
        public long* Taken; // steps of each share

        // A worker that has done its share helps with the others': what disturbs one thread costs the others a step at most.
        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint item = from; item < to; item++)
            {
                for (int i = 0; i < Shares; i++)
                {
                    int share = (int)((item + i) % Shares);
                    while (Step(share))
                    {
                    }
                }
            }
        }

        // Four panels, one of each stream of a share; last the up to three that are left over. False when all are taken.
        private readonly bool Step(int share)
        {
            nint first = Panels * share / Shares;
            nint count = (Panels * (share + 1) / Shares) - first;
            nint length = count / Streams;
            ref long taken = ref Taken[share * CounterStride];
            if (Volatile.Read(ref taken) > length)
            {
                return false;
            }

            var step = (nint)(Interlocked.Increment(ref taken) - 1);
            if (step < length)
            {
                Quad(first + step, length);
                return true;
            }

            for (nint panel = first + (Streams * length); step == length && panel < first + count; panel++)
            {
                Single(panel);
            }

            return false;
        }

        private readonly void Quad(nint panel, nint distance)
        {
            float* border = stackalloc float[GemmAvx512.Columns];
            nint last = panel + ((Streams - 1) * distance);
            nint columns = ColumnsOf(last);
            float* c = Problem.C + (panel * Problem.LanesB);
            float* target = Begin(last, columns, border);
            nint stride = distance * Problem.LanesB;
            if (Problem.Width == SimdWidth.Avx512)
            {
                if (Problem.IsHalfB)
                {
                    GemvAvx512.QuadBFloat16(Problem.K, Problem.A, Problem.LanesOfB(0, panel * Problem.LanesB), stride * Problem.K, c, stride, target, Problem.Accumulate);
                }
                else
                {
                    GemvAvx512.Quad(Problem.K, Problem.A, Problem.AddressB(0, panel * Problem.LanesB), stride * Problem.K, c, stride, target, Problem.Accumulate);
                }
            }
            else if (Problem.IsHalfB)
            {
                GemvAvx2.QuadBFloat16(Problem.K, Problem.A, Problem.LanesOfB(0, panel * Problem.LanesB), stride * Problem.K, c, stride, target, Problem.Accumulate);
            }
            else
            {
                GemvAvx2.Quad(Problem.K, Problem.A, Problem.AddressB(0, panel * Problem.LanesB), stride * Problem.K, c, stride, target, Problem.Accumulate);
            }

            End(last, columns, target, border);
        }

        private readonly void Single(nint panel)
        {
            float* border = stackalloc float[GemmAvx512.Columns];
            nint columns = ColumnsOf(panel);
            float* target = Begin(panel, columns, border);
            if (Problem.Width == SimdWidth.Avx512)
            {
                if (Problem.IsHalfB)
                {
                    GemvAvx512.SingleBFloat16(Problem.K, Problem.A, Problem.LanesOfB(0, panel * Problem.LanesB), target, Problem.Accumulate);
                }
                else
                {
                    GemvAvx512.Single(Problem.K, Problem.A, Problem.AddressB(0, panel * Problem.LanesB), target, Problem.Accumulate);
                }
            }
            else if (Problem.IsHalfB)
            {
                GemvAvx2.SingleBFloat16(Problem.K, Problem.A, Problem.LanesOfB(0, panel * Problem.LanesB), target, Problem.Accumulate);
            }
            else
            {
                GemvAvx2.Single(Problem.K, Problem.A, Problem.AddressB(0, panel * Problem.LanesB), target, Problem.Accumulate);
            }

            End(panel, columns, target, border);
        }

        private readonly nint ColumnsOf(nint panel) => Math.Min(Problem.LanesB, Problem.N - (panel * Problem.LanesB));

        // The last panel may have more lanes than there are columns.
        private readonly float* Begin(nint panel, nint columns, float* border)
        {
            float* c = Problem.C + (panel * Problem.LanesB);
            if (columns == Problem.LanesB)
            {
                return c;
            }

            if (Problem.Accumulate)
            {
                Unsafe.CopyBlockUnaligned(border, c, (uint)columns * sizeof(float));
            }

            return border;
        }

        private readonly void End(nint panel, nint columns, float* target, float* border)
        {
            if (target == border)
            {
                Unsafe.CopyBlockUnaligned(Problem.C + (panel * Problem.LanesB), border, (uint)columns * sizeof(float));
            }
        }
    }
}
