using System.CommandLine;
using Olmo.Host;
using Olmo.Host.Commands;

RootCommand root = new("Trains OLMo and OLMo 2 language models by actors that lose nothing.")
{
    RunCommand.Create(),
    GenerateCommand.Create(),
    StatusCommand.Create(),
    new Command("data", "Looks at data.") { DataInspect.Create() },
    DoctorCommand.Create(),
    TokenizerCommand.Create(),
};
try
{
    ParseResult parsed = root.Parse(args);
    int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
}
catch (UsageException e)
{
    foreach (string line in e.Message.Split('\n'))
    {
        await Console.Error.WriteLineAsync($"olmo: {line}");
    }

    return ExitCodes.Usage;
}
