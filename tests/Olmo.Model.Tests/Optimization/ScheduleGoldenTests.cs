using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Olmo.Model.Optimization;
using Olmo.Tests;

namespace Olmo.Model.Tests.Optimization;

/// <summary>Every schedule of the reference's table, clamped where ours clamps.</summary>
public sealed class ScheduleGoldenTests
{
    [ReferenceFact]
    public void RateAt_EveryPublishedPoint_AgreesToFourUlp()
    {
        int points = 0;
        int cases = 0;
        foreach (string line in File.ReadLines(ReferenceData.PathOf("golden", "training", "schedules.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            double peak = row.GetProperty("initial_lr").GetDouble();
            double end = row.GetProperty("t_max").GetDouble();
            JsonElement parameters = row.GetProperty("params");
            LearningRateSchedule? schedule = Build(row.GetProperty("scheduler").GetString()!, parameters, end);
            if (schedule is null)
            {
                continue;
            }

            cases++;
            double floor = parameters.TryGetProperty("decay_min_lr", out JsonElement least) ? least.GetDouble() : 0.0;
            foreach (JsonElement point in row.GetProperty("points").EnumerateArray())
            {
                double position = point[0].GetDouble();
                if (point[1].ValueKind != JsonValueKind.Number)
                {
                    // Where the reference divides by zero or refuses, ours goes on with a finite rate.
                    Assert.True(double.IsFinite(schedule.RateAt(peak, position)), line);
                    continue;
                }

                double expected = point[1].GetDouble();
                bool beyond = position > end && expected < floor;
                expected = beyond ? floor : expected;
                double actual = schedule.RateAt(peak, position);
                Assert.True(
                    Math.Abs(actual - expected) <= Math.Max(1e-15 * Math.Abs(expected), 1e-15 * peak),
                    string.Create(CultureInfo.InvariantCulture, $"{line[..120]} at {position}: {actual:R} instead of {expected:R}"));
                points++;
            }
        }

        Assert.True(cases >= 49 && points > 1200, $"{cases} cases, {points} points");
    }

    [Theory]
    [InlineData(4e-4, 8_388_608_000, 2_097_152, 1_000_000, 2.656100261e-4)]
    [InlineData(4e-4, 8_388_608_000, 2_097_152, 1_907_359, 7.448728958e-5)]
    [InlineData(3e-4, 8_388_608_000, 4_194_304, 928_646, 6.135113558e-5)]
    [InlineData(9e-4, 8_388_608_000, 8_388_608, 300_000, 4.918423478e-4)]
    public void RateAt_TruncatedCosineOfOlmo2_GivesPublishedRates(double peak, double warmupTokens, double batchTokens, long step, double expected) =>
        Assert.Equal(expected, new CosineSchedule(warmupTokens, 5e12).RateAt(peak, step * batchTokens), expected * 1e-9);

    [Fact]
    public void RateAt_BeyondTheEnd_NeverNegative()
    {
        LearningRateSchedule[] schedules =
        [
            new WarmupStableDecaySchedule(10, 100, 20), new PowerSchedule(10, 100, 10), new CosineLinearDecaySchedule(10, 100, 10, 100),
            new WarmupStableDecaySchedule(0, 100, 0), new LinearSchedule(0, 100, 0.0),
        ];
        foreach (LearningRateSchedule schedule in schedules)
        {
            foreach (double t in (double[])[100.5, 101, 1000, 1e15])
            {
                Assert.Equal(0.0, schedule.RateAt(1e-3, t));
            }
        }
    }

    [Fact]
    public void Constructor_NegativeWarmup_NamesValue() =>
        Assert.Contains("-1", Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(-1, 10)).Message, StringComparison.Ordinal);

    [Fact]
    public void Constructor_PeriodTooShortForItsDecay_NamesPeriod() =>
        Assert.Contains("Period 1", Assert.Throws<ArgumentException>(() => new RepeatedDecaySchedule(1, [new(10, 5), new(3, 5)])).Message, StringComparison.Ordinal);

    private static LearningRateSchedule? Build(string name, JsonElement p, double total)
    {
        double end = Number(p, "t_max", total);
        double warmup = Length(p, "warmup", total, 0.0);
        double alpha = Number(p, "alpha_f", 0.1);
        double start = Number(p, "warmup_min_lr", 0.0);
        double decay = Length(p, "decay", total, Math.Round(0.1 * total, MidpointRounding.ToEven));
        double floor = Number(p, "decay_min_lr", 0.0);
        return name switch
        {
            "ConstantScheduler" => new ConstantSchedule(),
            "ConstantWithWarmup" => new ConstantSchedule(warmup, start),
            "CosWithWarmup" => new CosineSchedule(Length(p, "warmup", end, 0.0), end, alpha, start),
            "LinearWithWarmup" => new LinearSchedule(warmup, end, alpha, start),
            "HalfCosWithWarmup" => new HalfCosineSchedule(Length(p, "warmup", end, 0.0), end, alpha, start),
            "InvSqrtWithWarmup" => new InverseSquareRootSchedule(warmup, alpha, start),
            "WSD" => new WarmupStableDecaySchedule(warmup, total, decay, floor, start),
            "PowerLR" => new PowerSchedule(warmup, total, decay, Number(p, "b", -0.51), floor, start),
            "CosWithWarmupAndLinearDecay" => new CosineLinearDecaySchedule(warmup, total, decay, end, alpha, floor, start),
            "ExponentialScheduler" => new ExponentialSchedule(total, Number(p, "lr_min", 1e-9)),
            "WSDS" => Repeated(p, floor, start),
            "SequentialScheduler" when !p.TryGetProperty("override_decay", out _) => Sequence(p, total),
            _ => null,
        };
    }

    private static RepeatedDecaySchedule Repeated(JsonElement p, double floor, double start)
    {
        ImmutableArray<DecayPeriod>.Builder periods = ImmutableArray.CreateBuilder<DecayPeriod>();
        int i = 0;
        foreach (JsonElement length in p.GetProperty("period_lengths").EnumerateArray())
        {
            double multiplier = p.TryGetProperty("period_lr_multipliers", out JsonElement m) ? m[i].GetDouble() : 1.0;
            periods.Add(new DecayPeriod(length.GetDouble(), Length(p, "decay", length.GetDouble(), 0.0), multiplier));
            i++;
        }

        return new RepeatedDecaySchedule(Length(p, "warmup", periods[0].Length, 0.0), periods.ToImmutable(), floor, start);
    }

    private static SequentialSchedule Sequence(JsonElement p, double total)
    {
        ImmutableArray<(LearningRateSchedule, double)>.Builder parts = ImmutableArray.CreateBuilder<(LearningRateSchedule, double)>();
        int i = 0;
        double left = total;
        JsonElement ends = p.GetProperty("schedulers_max");
        foreach (JsonElement part in p.GetProperty("schedulers").EnumerateArray())
        {
            double length = i < ends.GetArrayLength() ? ends[i].GetDouble() : left;
            parts.Add((Build(part[0].GetString()!, part[1], i < ends.GetArrayLength() ? length : left)!, length));
            left -= length;
            i++;
        }

        return new SequentialSchedule(parts.ToImmutable());
    }

    private static double Number(JsonElement p, string name, double absent) =>
        p.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : absent;

    private static double Length(JsonElement p, string name, double total, double absent) =>
        p.TryGetProperty(name + "_fraction", out JsonElement fraction) && fraction.ValueKind == JsonValueKind.Number
            ? Math.Round(fraction.GetDouble() * total, MidpointRounding.ToEven)
            : Number(p, name, absent);
}
