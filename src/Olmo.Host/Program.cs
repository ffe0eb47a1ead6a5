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
return await CommandRunner.Run(root, args, Console.Out, Console.Error);
