using System.Globalization;
using Olmo.Actors.Ranks;

namespace Olmo.Host.Runs;

/// <summary>Text of the progress: pure formatting and a writer. Rates are smoothed over the last steps.</summary>
internal sealed class ProgressLine(TextWriter output, bool isTerminal, int width, int interval)
{
    private const double Smoothing = 0.1;
    private double _secondsPerStep;
    private int _shown;

    /// <summary>A step is done.</summary>
    public void Step(StepCompleted step, long totalSteps, long committed)
    {
        double seconds = step.Duration.TotalSeconds;
        _secondsPerStep = _secondsPerStep == 0 ? seconds : (Smoothing * seconds) + ((1 - Smoothing) * _secondsPerStep);
        bool isLast = step.Step == totalSteps;
        if (!isTerminal && step.Step % interval != 0 && step.Step != 1 && !isLast)
        {
            return;
        }

        string text = Format(step, totalSteps, committed, TimeSpan.FromSeconds(_secondsPerStep * (totalSteps - step.Step)));
        if (!isTerminal)
        {
            output.WriteLine(text);
            return;
        }

        Rewrite(text);
    }

    /// <summary>A line of its own.</summary>
    public void Say(string text)
    {
        End();
        output.WriteLine(text);
    }

    /// <summary>Leaves the line that is being rewritten.</summary>
    public void End()
    {
        if (_shown > 0)
        {
            output.WriteLine();
            _shown = 0;
        }
    }

    /// <summary>One step as text.</summary>
    public static string Format(StepCompleted step, long totalSteps, long committed, TimeSpan eta) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {step.Step}/{totalSteps}  loss {step.Loss:0.0000}  lr {step.LearningRate:0.00e+0}  grad {step.GradientNorm:0.000}  {step.TokensPerSecond:N0} tok/s  MFU {step.Mfu * 100:0} %  ETA {Short(eta)}  checkpoint {committed}{(step.IsSkipped ? "  skipped" : "")}");

    private static string Short(TimeSpan t) => t.TotalHours >= 1 ? $"{(int)t.TotalHours}h{t.Minutes:00}m" : t.TotalMinutes >= 1 ? $"{t.Minutes}m{t.Seconds:00}s" : $"{t.Seconds}s";

    private void Rewrite(string text)
    {
        if (text.Length >= width && width > 1)
        {
            text = text[..(width - 1)];
        }

        output.Write('\r');
        output.Write(text.PadRight(_shown));
        _shown = text.Length;
    }
}
