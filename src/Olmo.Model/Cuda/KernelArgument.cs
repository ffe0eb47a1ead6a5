namespace Olmo.Model.Cuda;

/// <summary>A value that a kernel is given: an address of the device, a whole number or a floating-point number; the kernel reads as many of the eight bytes as its parameter has.</summary>
internal readonly struct KernelArgument
{
    private readonly ulong _bits;

    private KernelArgument(ulong bits) => _bits = bits;

    public static implicit operator KernelArgument(ulong address) => new(address);

    public static implicit operator KernelArgument(int value) => new((ulong)value);

    public static implicit operator KernelArgument(long value) => new((ulong)value);

    public static implicit operator KernelArgument(float value) => new(BitConverter.SingleToUInt32Bits(value));

    public static implicit operator KernelArgument(double value) => new(BitConverter.DoubleToUInt64Bits(value));
}
