using System.Runtime.InteropServices;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Values to and from the host, zeros and copies.</content>
public sealed unsafe partial class CudaProvider
{
    /// <inheritdoc/>
    public void Write<T>(in Tensor destination, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ulong target = Host<T>(destination, values.Length);
        RefuseRecording("Values of the host");
        Enter();
        if (BufferOf(destination).IsInHostMemory)
        {
            _device.Driver.Synchronize(_device.Stream); // operations before this one may still read it
            MemoryMarshal.AsBytes(values).CopyTo(new Span<byte>((byte*)target, checked(values.Length * sizeof(T))));
            return;
        }

        _staging.Send(target, MemoryMarshal.AsBytes(values));
        Changed(destination);
    }

    /// <inheritdoc/>
    /// <remarks>Of a tensor in main memory it waits only for the operations that wrote its plan's tensor, and copies without the device.</remarks>
    public void Read<T>(in Tensor source, Span<T> values)
        where T : unmanaged
    {
        ulong from = Host<T>(source, values.Length);
        RefuseRecording("A wait");
        Enter();
        if (BufferOf(source).IsInHostMemory)
        {
            View<T>(source).CopyTo(values);
            return;
        }

        if (values.Length > 0)
        {
            fixed (T* target = values)
            {
                _device.Driver.CopyToHost(target, from, (long)values.Length * sizeof(T), _device.Stream);
                _device.Driver.Synchronize(_device.Stream);
            }
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<T> View<T>(in Tensor source)
        where T : unmanaged
    {
        ulong from = Host<T>(source, checked((int)source.Count));
        RefuseRecording("A wait");
        Enter();
        if (!BufferOf(source).IsInHostMemory)
        {
            throw new ArgumentException($"'{source.Buffer.Name}' {source.Shape} lies on the device: the host cannot look at it.", nameof(source));
        }

        BufferOf(source).WaitForChanges();
        return new ReadOnlySpan<T>((void*)from, (int)source.Count);
    }

    /// <inheritdoc/>
    public void Zero(in Tensor tensor)
    {
        ulong target = AnyAddress(tensor);
        long bytes = tensor.Count * tensor.DType.SizeBytes();
        Enter();
        if (BufferOf(tensor).IsInHostMemory)
        {
            RefuseRecording("A change of main memory by the host");
            _device.Driver.Synchronize(_device.Stream); // operations before this one may still use it
            NativeMemory.Clear((void*)target, (nuint)bytes);
        }
        else if (bytes > 0)
        {
            _device.Driver.Set(target, 0, bytes, _device.Stream);
            Changed(tensor);
        }
    }

    /// <inheritdoc/>
    public void Copy(in Tensor source, in Tensor destination)
    {
        if (source.DType != destination.DType || source.Count != destination.Count || source.Buffer.IsPacked || destination.Buffer.IsPacked)
        {
            throw Unfit("copy", source, destination);
        }

        ulong from = Address(source);
        ulong target = Address(destination);
        if (source.Count > 0)
        {
            Enter();
            _device.Driver.Copy(target, from, source.Count * source.DType.SizeBytes(), _device.Stream);
            Changed(destination);
        }
    }

    private static ulong Host<T>(in Tensor tensor, int count)
        where T : unmanaged
    {
        RequireValues<T>(tensor, count);
        return AnyAddress(tensor);
    }
}
