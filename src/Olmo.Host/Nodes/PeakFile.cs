using System.Globalization;

namespace Olmo.Host.Nodes;

/// <summary>
/// The machine's best matrix product, measured by the first rank and kept for those that come later: it only serves the rate that a person sees, and measuring it again would
/// take a third of a replacement's start.
/// </summary>
/// <param name="folder">Where it is kept.</param>
/// <param name="device">Name of what was measured: letters, digits and '-'.</param>
internal sealed class PeakFile(string folder, string device)
{
    private readonly string _path = Path.Combine(folder, $"peak-{Environment.MachineName}-{device}");

    /// <summary>Operations per second, or null if nobody measured them yet.</summary>
    public double? Read() =>
        File.Exists(_path) && double.TryParse(File.ReadAllText(_path), NumberStyles.Float, CultureInfo.InvariantCulture, out double peak) && peak > 0 ? peak : null;

    /// <summary>Keeps a measurement.</summary>
    public void Write(double peak)
    {
        string temporary = $"{_path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, peak.ToString("R", CultureInfo.InvariantCulture));
        File.Move(temporary, _path, overwrite: true);
    }
}
