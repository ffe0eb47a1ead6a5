using System.Globalization;
using Olmo.Model.Compute;

namespace Olmo.Bench;

/// <summary>What to measure, and for how long.</summary>
/// <param name="Threads">Thread counts, one after the other.</param>
/// <param name="Seconds">Seconds for each case.</param>
/// <param name="LeastPairs">Pairs of each case at least.</param>
/// <param name="Only">Cases whose name contains this.</param>
/// <param name="Width">Vector instructions of our side.</param>
internal sealed record BenchmarkOptions(IReadOnlyList<int> Threads, double Seconds, int LeastPairs, string Only, SimdWidth Width)
{
    /// <summary>Reads --threads N, --seconds S, --only TEXT, --width NAME and --quick.</summary>
    /// <exception cref="ArgumentException">An unknown option, or one without its value.</exception>
    public static BenchmarkOptions Parse(string[] arguments)
    {
        var options = new BenchmarkOptions(Environment.ProcessorCount > 1 ? [1, 2] : [1], 1.2, 5, "", SimdWidths.Best);
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] == "--quick")
            {
                options = options with { Seconds = 0.3, LeastPairs = 3 };
                i--;
                continue;
            }

            if (i + 1 == arguments.Length)
            {
                throw new ArgumentException($"{arguments[i]} needs a value.");
            }

            string value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--threads" => options with { Threads = [int.Parse(value, CultureInfo.InvariantCulture)] },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--only" => options with { Only = value },
                "--width" => options with { Width = Enum.Parse<SimdWidth>(value, ignoreCase: true) },
                _ => throw new ArgumentException($"Unknown option '{arguments[i]}'; known: --threads, --seconds, --only, --width, --quick."),
            };
        }

        return options;
    }
}
