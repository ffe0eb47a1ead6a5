using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Element by element: computed in fp32 and rounded once to the type of the result.</content>
public sealed unsafe partial class CudaProvider
{
    private const int ElementThreads = 256;
    private const int ElementsOfBlock = 8 * ElementThreads;
    private const int OrderThreads = 256;

    /// <inheritdoc/>
    /// <remarks>Each of the three is F32 or BF16.</remarks>
    public void Add(in Tensor a, in Tensor b, in Tensor y)
    {
        RequireSame("sum", a, b);
        RequireSame("sum", a, y);
        string kernel = (a.DType, b.DType, y.DType) switch
        {
            (DType.F32, DType.F32, DType.F32) => "elements/add_f32_f32_f32",
            (DType.F32, DType.F32, DType.BF16) => "elements/add_f32_f32_bf16",
            (DType.F32, DType.BF16, DType.F32) => "elements/add_f32_bf16_f32",
            (DType.F32, DType.BF16, DType.BF16) => "elements/add_f32_bf16_bf16",
            (DType.BF16, DType.F32, DType.F32) => "elements/add_bf16_f32_f32",
            (DType.BF16, DType.F32, DType.BF16) => "elements/add_bf16_f32_bf16",
            (DType.BF16, DType.BF16, DType.F32) => "elements/add_bf16_bf16_f32",
            (DType.BF16, DType.BF16, DType.BF16) => "elements/add_bf16_bf16_bf16",
            _ => throw Unfit("sum", a, b),
        };
        Launch(kernel, KernelGrid.Over(a.Count, ElementsOfBlock), ElementThreads, 0, Address(a), Address(b), Address(y), a.Count);
        Changed(y);
    }

    /// <inheritdoc/>
    /// <remarks>Both are F32, or both BF16.</remarks>
    public void Clamp(in Tensor x, in Tensor y, double limit)
    {
        RequireSame("clamp", x, y);
        string kernel = Typed(x, "elements/clamp_f32", "elements/clamp_bf16");
        Launch(kernel, KernelGrid.Over(x.Count, ElementsOfBlock), ElementThreads, 0, Address(x), Address(y, x.DType), (float)limit, x.Count);
        Changed(y);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or all BF16.</remarks>
    public void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit)
    {
        RequireSame("clamp gradient", dy, x);
        RequireSame("clamp gradient", dy, dx);
        string kernel = Typed(x, "elements/clamp_gradient_f32", "elements/clamp_gradient_bf16");
        Launch(kernel, KernelGrid.Over(x.Count, ElementsOfBlock), ElementThreads, 0, Address(dy, x.DType), Address(x), Address(dx, x.DType), (float)limit, x.Count);
        Changed(dx);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or all BF16.</remarks>
    public void SwiGlu(in Tensor gate, in Tensor up, in Tensor y)
    {
        RequireSame("SwiGLU", gate, up);
        RequireSame("SwiGLU", gate, y);
        string kernel = Typed(gate, "elements/swiglu_f32", "elements/swiglu_bf16");
        Launch(kernel, KernelGrid.Over(gate.Count, ElementsOfBlock), ElementThreads, 0, Address(gate), Address(up, gate.DType), Address(y, gate.DType), gate.Count);
        Changed(y);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or all BF16.</remarks>
    public void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient)
    {
        RequireSame("SwiGLU gradient", gate, up);
        RequireSame("SwiGLU gradient", gate, dy);
        RequireSame("SwiGLU gradient", gate, gateGradient);
        RequireSame("SwiGLU gradient", gate, upGradient);
        DType type = gate.DType;
        Launch(
            Typed(gate, "elements/swiglu_gradient_f32", "elements/swiglu_gradient_bf16"),
            KernelGrid.Over(gate.Count, ElementsOfBlock),
            ElementThreads,
            0,
            Address(dy, type),
            Address(gate),
            Address(up, type),
            Address(gateGradient, type),
            Address(upGradient, type),
            gate.Count);
        Changed(gateGradient);
        Changed(upGradient);
    }

    /// <inheritdoc/>
    public void AddInOrder(in Tensor values, in Tensor total)
    {
        if (total.DType != DType.F64 || total.Count != 1)
        {
            throw Unfit("sum in order", values, total);
        }

        Launch("elements/add_in_order", values.Count == 0 ? 0 : 1, OrderThreads, 0, Address(values, DType.F32), Address(total), values.Count);
        Changed(total);
    }

    // The kernel for the type of a tensor.
    private static string Typed(in Tensor tensor, string single, string half) => tensor.DType switch
    {
        DType.F32 => single,
        DType.BF16 => half,
        _ => throw Unsuited(tensor, "F32 or BF16"),
    };
}
