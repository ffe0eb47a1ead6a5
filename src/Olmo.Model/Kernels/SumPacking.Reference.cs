namespace Olmo.Model.Kernels;

internal static unsafe partial class SumPacking
{
    private static int WidthReference(long* x, int count)
    {
        long magnitude = 0, any = 0;
        for (int i = 0; i < count; i++)
        {
            magnitude |= x[i] ^ (x[i] >> 63);
            any |= x[i];
        }

        return WidthOf(magnitude, any);
    }

    private static void PackReference(long* x, int count, int bytes, byte* destination)
    {
        for (int i = 0; i < count; i++)
        {
            for (int b = 0; b < bytes; b++)
            {
                *destination++ = (byte)(x[i] >> (8 * b));
            }
        }
    }

    private static void UnpackReference(byte* source, int bytes, long* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            long value = 0;
            for (int b = 0; b < bytes; b++)
            {
                value |= (long)*source++ << (8 * b);
            }

            int unused = 8 * (sizeof(long) - bytes);
            y[i] = bytes == 0 ? 0 : value << unused >> unused;
        }
    }
}
