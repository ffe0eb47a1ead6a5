using System.CommandLine;
using Olmo.Host;
using Olmo.Host.Commands;
using Olmo.Host.Nodes;

RootCommand root = new("Trains OLMo and OLMo 2 language models by actors that lose nothing.")
{
    RunCommand.Create(),
    GenerateCommand.Create(),
    StatusCommand.Create(),
    CheckpointCommand.Create(),
    new Command("data", "Looks at data.") { DataInspect.Create() },
    ModelCommand.Create(),
    ImportCommand.Create(),
    ExportCommand.Create(),
    DoctorCommand.Create(),
    TokenizerCommand.Create(),
    ChildCommands.Coordinator(),
    ChildCommands.Rank(),
};
return await CommandRunner.Run(root, args, Console.Out, Console.Error);
