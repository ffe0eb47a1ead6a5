using Olmo.Model.Generation;
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Generation;

public sealed class ScoreOrderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5000)]
    public void Sort_AnyScores_IsThatOfAStableSort(int count)
    {
        ScoreOrder order = new(count);
        int[] ids = new int[count];
        RandomStream random = new(4, "scores");
        float[] special = [0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon, 1f, -1f, float.MaxValue, float.MinValue];
        for (int round = 0; round < 3; round++)
        {
            float[] scores = new float[count];
            for (int i = 0; i < count; i++)
            {
                // Many are equal.
                ulong at = (ulong)((round * count) + i);
                scores[i] = random.Below(3, 2 * at) == 0 ? special[random.Below(10, (2 * at) + 1)] : (float)(((int)random.Below(400, (2 * at) + 1) - 200) * 0.37);
            }

            order.Sort(scores, ids);
            Assert.Equal(Enumerable.Range(0, count).OrderByDescending(i => scores[i] + 0f).ToArray(), ids);
        }
    }
}
