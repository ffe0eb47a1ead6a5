using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

public sealed unsafe partial class CpuProvider
{
    private enum ElementOperation
    {
        Add,
        Clamp,
        ClampGradient,
        SwiGlu,
        SwiGluGradient,
    }

    /// <inheritdoc/>
    public void Add(in Tensor a, in Tensor b, in Tensor y)
    {
        RequireSame("sum", a, b);
        RequireSame("sum", a, y);
        RunElements(new ElementJob { Operation = ElementOperation.Add, A = Floats(a), B = Floats(b), Y = Floats(y) }, a.Count);
    }

    /// <inheritdoc/>
    public void Clamp(in Tensor x, in Tensor y, double limit)
    {
        RequireSame("clamp", x, y);
        RunElements(new ElementJob { Operation = ElementOperation.Clamp, A = Floats(x), Y = Floats(y), Limit = (float)limit }, x.Count);
    }

    /// <inheritdoc/>
    public void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit)
    {
        RequireSame("clamp gradient", dy, x);
        RequireSame("clamp gradient", dy, dx);
        RunElements(
            new ElementJob { Operation = ElementOperation.ClampGradient, A = Floats(dy), B = Floats(x), Y = Floats(dx), Limit = (float)limit }, x.Count);
    }

    /// <inheritdoc/>
    public void SwiGlu(in Tensor gate, in Tensor up, in Tensor y)
    {
        RequireSame("SwiGLU", gate, up);
        RequireSame("SwiGLU", gate, y);
        RunElements(new ElementJob { Operation = ElementOperation.SwiGlu, A = Floats(gate), B = Floats(up), Y = Floats(y) }, gate.Count);
    }

    /// <inheritdoc/>
    public void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient)
    {
        RequireSame("SwiGLU gradient", gate, up);
        RequireSame("SwiGLU gradient", gate, dy);
        RequireSame("SwiGLU gradient", gate, gateGradient);
        RequireSame("SwiGLU gradient", gate, upGradient);
        RunElements(
            new ElementJob
            {
                Operation = ElementOperation.SwiGluGradient,
                A = Floats(gate),
                B = Floats(up),
                Y = Floats(gateGradient),
                Z = Floats(upGradient),
                Gradient = Floats(dy),
            },
            gate.Count);
    }

    private void RunElements(ElementJob job, long count)
    {
        job.Width = _width;
        job.Count = (nint)count;
        _pool.Run(ref job, Blocks(job.Count, ItemElements));
    }

    private struct ElementJob : IRangeJob
    {
        public ElementOperation Operation;
        public SimdWidth Width;
        public float* A;
        public float* B;
        public float* Y;
        public float* Z;
        public float* Gradient;
        public nint Count;
        public float Limit;

        public readonly void Execute(nint from, nint to, int worker)
        {
            nint start = from * ItemElements;
            nint end = Math.Min(to * ItemElements, Count);
            switch (Operation)
            {
                case ElementOperation.Add:
                    Residual.Add(Width, A, B, Y, start, end);
                    break;
                case ElementOperation.Clamp:
                    Kernels.Clamp.Forward(Width, A, Y, Limit, start, end);
                    break;
                case ElementOperation.ClampGradient:
                    Kernels.Clamp.Backward(Width, A, B, Y, Limit, start, end);
                    break;
                case ElementOperation.SwiGlu:
                    Kernels.SwiGlu.Forward(Width, A + start, B + start, 0, Y + start, 0, end - start, 0, 1);
                    break;
                default:
                    Kernels.SwiGlu.Backward(Width, Gradient + start, 0, A + start, B + start, Y + start, Z + start, 0, end - start, 0, 1);
                    break;
            }
        }
    }
}
