namespace Olmo.Model.Generation;

/// <summary>
/// Ids by descending score, equal scores by ascending id: a radix sort of three digits. Allocates in its constructor only. Not for two threads at once.
/// </summary>
/// <param name="count">Length of the scores.</param>
internal sealed class ScoreOrder(int count)
{
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;
    private const int Passes = 3;

    private readonly uint[] _keys = new uint[count];
    private readonly uint[] _otherKeys = new uint[count];
    private readonly int[] _otherIds = new int[count];
    private readonly int[] _starts = new int[Passes * Digits];

    /// <summary>Sorts.</summary>
    /// <param name="scores">No NaN; -0 and +0 are equal.</param>
    /// <param name="ids">As long as the scores, written.</param>
    public void Sort(ReadOnlySpan<float> scores, int[] ids)
    {
        Array.Clear(_starts);
        for (int i = 0; i < scores.Length; i++)
        {
            uint key = KeyOf(scores[i]);
            _keys[i] = key;
            ids[i] = i;
            for (int pass = 0; pass < Passes; pass++)
            {
                _starts[(pass * Digits) + DigitOf(key, pass)]++;
            }
        }

        for (int pass = 0; pass < Passes; pass++)
        {
            int sum = 0;
            foreach (ref int start in _starts.AsSpan(pass * Digits, Digits))
            {
                int here = start;
                start = sum;
                sum += here;
            }
        }

        Distribute(0, _keys, ids, _otherKeys, _otherIds);
        Distribute(1, _otherKeys, _otherIds, _keys, ids);
        Distribute(2, _keys, ids, _otherKeys, _otherIds);
        _otherIds.CopyTo(ids, 0);
    }

    // Ascending keys are descending scores.
    private static uint KeyOf(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (bits & 0x80000000u) != 0 ? bits : ~(bits | 0x80000000u);
    }

    private static int DigitOf(uint key, int pass) => (int)(key >> (pass * DigitBits)) & (Digits - 1);

    private void Distribute(int pass, uint[] keys, int[] ids, uint[] toKeys, int[] toIds)
    {
        Span<int> starts = _starts.AsSpan(pass * Digits, Digits);
        for (int i = 0; i < keys.Length; i++)
        {
            int at = starts[DigitOf(keys[i], pass)]++;
            toKeys[at] = keys[i];
            toIds[at] = ids[i];
        }
    }
}
