using Olmo.Model.Tests.Kernels;

/// <summary>
/// The runtime calls this before Main where DOTNET_STARTUP_HOOKS names this assembly; the runtime prescribes its name and place. Prints the
/// kernels' fingerprints for <see cref="HardwareModeTests"/>.
/// </summary>
#pragma warning disable CA1050 // the runtime looks for a type outside any namespace
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(HardwareModeTests.ModeVariable) is not null)
        {
            foreach (string line in HardwareModeTests.Report())
            {
                Console.WriteLine(line);
            }
        }
    }
}
