using System.Runtime.InteropServices;

namespace Olmo.Model.Tests.Kernels;

/// <summary>
/// An array that does not move, for kernels that take pointers. Guard values follow its last element. Its memory is never given
/// back: a kernel's pointer keeps nothing alive, so memory of the collector's could be another test's before the kernel ends. All tests together
/// take about 100 MB.
/// </summary>
internal sealed unsafe class Pinned<T>
    where T : unmanaged
{
    private const int Guard = 32;
    private const byte GuardByte = 0x7F;

    public Pinned(int length)
    {
        Length = length;
        Pointer = (T*)NativeMemory.Alloc((nuint)(length + Guard), (nuint)sizeof(T));
        GuardBytes.Fill(GuardByte);
        Span.Clear();
    }

    public Pinned(ReadOnlySpan<T> values)
        : this(values.Length) => values.CopyTo(Span);

    public int Length { get; }

    public T* Pointer { get; }

    public Span<T> Span => new(Pointer, Length);

    private Span<byte> GuardBytes => new(Pointer + Length, Guard * sizeof(T));

    public Pinned<T> Copy() => new(Span);

    /// <summary>Fails where a kernel wrote past the end.</summary>
    public void AssertGuard() => Assert.False(GuardBytes.ContainsAnyExcept(GuardByte), "A kernel wrote past the end.");

    public static implicit operator T*(Pinned<T> p) => p.Pointer;
}
