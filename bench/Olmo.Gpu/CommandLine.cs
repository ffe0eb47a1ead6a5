using System.Globalization;

namespace Olmo.Gpu;

/// <summary>Options of a command: --name value, or --name alone where the value is yes or no. Only those that the command knows, each with a default.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads arguments.</summary>
    /// <param name="arguments">Without the command.</param>
    /// <param name="known">Names and defaults; a default of "no" makes a switch.</param>
    /// <exception cref="FormatException">A name is unknown, or its value is missing.</exception>
    public CommandLine(ReadOnlySpan<string> arguments, params ReadOnlySpan<(string Name, string Default)> known)
    {
        List<string> names = [];
        foreach ((string name, string value) in known)
        {
            _values.Add(name, value);
            names.Add("--" + name);
        }

        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : "";
            if (!_values.TryGetValue(name, out string? standard))
            {
                throw new FormatException($"unknown option {arguments[i]}; known: {string.Join(", ", names)}");
            }

            if (standard == "no")
            {
                _values[name] = "yes";
                continue;
            }

            _values[name] = ++i < arguments.Length ? arguments[i] : throw new FormatException($"--{name} needs a value");
        }
    }

    /// <summary>Value of an option.</summary>
    public string Text(string name) => _values[name];

    /// <summary>True if a switch was given.</summary>
    public bool IsOn(string name) => _values[name] == "yes";

    /// <summary>Value of an option that is a whole number from <paramref name="least"/>.</summary>
    public int Number(string name, int least = 1) =>
        int.TryParse(_values[name], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least
            ? value
            : throw new FormatException($"--{name} takes a whole number from {least}, not '{_values[name]}'");

    /// <summary>Value of an option that is a number from 0.</summary>
    public double Real(string name) =>
        double.TryParse(_values[name], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0.0
            ? value
            : throw new FormatException($"--{name} takes a number from 0, not '{_values[name]}'");
}
