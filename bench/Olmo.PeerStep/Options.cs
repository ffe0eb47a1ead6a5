using System.Globalization;

namespace Olmo.PeerStep;

/// <summary>The run's shape and lengths, by the names that the peer's script uses.</summary>
internal sealed record Options
{
    private readonly Dictionary<string, int> _values = new(StringComparer.Ordinal)
    {
        ["d"] = 512,
        ["layers"] = 8,
        ["heads"] = 8,
        ["ffn"] = 2048,
        ["vocab"] = 8192,
        ["seq"] = 512,
        ["batch"] = 4,
        ["threads"] = 2,
        ["steps"] = 5,
        ["warmup"] = 1,
        ["accumulate"] = 4,
    };

    public int Width => _values["d"];

    public int Layers => _values["layers"];

    public int Heads => _values["heads"];

    public int FeedForward => _values["ffn"];

    public int Vocabulary => _values["vocab"];

    public int Sequence => _values["seq"];

    public int Batch => _values["batch"];

    public int Threads => _values["threads"];

    public int Steps => _values["steps"];

    public int WarmUp => _values["warmup"];

    public int Groups => _values["accumulate"];

    public long TokensPerStep => (long)Groups * Batch * Sequence;

    /// <exception cref="FormatException">An option is not known, has no value or its value is not a number above 0.</exception>
    public static Options Parse(string[] arguments)
    {
        Options options = new();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string name = arguments[i].TrimStart('-');
            if (!options._values.ContainsKey(name))
            {
                throw new FormatException($"unknown option {arguments[i]}; known: --{string.Join(", --", options._values.Keys)}");
            }

            if (i + 1 == arguments.Length || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < 1)
            {
                throw new FormatException($"{arguments[i]} takes a whole number from 1, not '{(i + 1 == arguments.Length ? "" : arguments[i + 1])}'");
            }

            options._values[name] = value;
        }

        return options;
    }
}
