using System.Runtime.CompilerServices;

namespace Olmo.Model.Tests.Kernels;

/// <summary>An array that does not move, for kernels that take pointers. Its last element ends where a page of guard values starts.</summary>
internal sealed unsafe class Pinned<T>
    where T : unmanaged
{
    private const int Guard = 32;
    private readonly T[] _array;
    private readonly byte[] _before;

    public Pinned(int length)
    {
        Length = length;
        _array = GC.AllocateUninitializedArray<T>(length + Guard, pinned: true);
        Pointer = (T*)Unsafe.AsPointer(ref _array[0]);
        new Span<byte>(Pointer, _array.Length * sizeof(T)).Fill(0x7F);
        _before = new Span<byte>(Pointer + length, Guard * sizeof(T)).ToArray();
        Span.Clear();
    }

    public Pinned(ReadOnlySpan<T> values)
        : this(values.Length) => values.CopyTo(Span);

    public int Length { get; }

    public T* Pointer { get; }

    public Span<T> Span => new(Pointer, Length);

    public Pinned<T> Copy() => new(Span);

    /// <summary>Fails where a kernel wrote past the end.</summary>
    public void AssertGuard() => Assert.True(new Span<byte>(Pointer + Length, Guard * sizeof(T)).SequenceEqual(_before), "A kernel wrote past the end.");

    public static implicit operator T*(Pinned<T> p) => p.Pointer;
}
