using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>
/// The printable spelling of bytes in vocabularies: bytes 21..7E, A1..AC and AE..FF stand for the code points of the same number,
/// the other 68 in ascending order for U+0100, U+0101 and so on (GPT-2's byte encoder).
/// </summary>
internal static class ByteAlphabet
{
    private const int Limit = 0x100 + 68;

    private static readonly char[] CharOfByte = BuildCharOfByte();
    private static readonly short[] ByteOfChar = BuildByteOfChar();

    public static char ToChar(byte value) => CharOfByte[value];

    public static bool TryGetByte(int codePoint, out byte value)
    {
        short b = (uint)codePoint < Limit ? ByteOfChar[codePoint] : (short)-1;
        value = unchecked((byte)b);
        return b >= 0;
    }

    /// <summary>The bytes that a vocabulary entry stands for: through the alphabet if all its characters are in it, else its UTF-8.</summary>
    public static byte[] Decode(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!TryGetByte(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private static char[] BuildCharOfByte()
    {
        char[] table = new char[256];
        int next = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            table[b] = (char)(printable ? b : next++);
        }

        return table;
    }

    private static short[] BuildByteOfChar()
    {
        short[] table = new short[Limit];
        Array.Fill(table, (short)-1);
        for (int b = 0; b < 256; b++)
        {
            table[CharOfByte[b]] = (short)b;
        }

        return table;
    }
}
