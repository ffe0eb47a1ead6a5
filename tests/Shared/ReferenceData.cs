namespace Olmo.Tests;

/// <summary>
/// Finds the reference data: the folder that the variable OLMO_REFERENCE_DATA names, else <c>shared/data</c> beside the checkout.
/// The product never depends on it.
/// </summary>
internal static class ReferenceData
{
    /// <summary>Root folder of the reference data, or null where it is absent.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Full path of a file or folder below the root.</summary>
    /// <exception cref="DirectoryNotFoundException">The reference data is absent: mark the test with <see cref="ReferenceFactAttribute"/>.</exception>
    public static string PathOf(params string[] parts) =>
        Root is null ? throw new DirectoryNotFoundException("Reference data is absent.") : Path.Combine([Root, .. parts]);

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("OLMO_REFERENCE_DATA");
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? named : null;
        }

        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "Olmo.Actors.sln")))
            {
                string beside = Path.Combine(d.Parent?.FullName ?? d.FullName, "shared", "data");
                return Directory.Exists(beside) ? beside : null;
            }
        }

        return null;
    }
}
