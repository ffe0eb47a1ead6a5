using Olmo.Model.Models;

namespace Olmo.Gpu.Training;

/// <summary>Options that say which model is trained and how; equal for the commands that train one.</summary>
internal static class SizeOptions
{
    /// <summary>Names and defaults: OLMo 2 1B in bf16, steps of 4 groups of 4 sequences.</summary>
    public static (string Name, string Default)[] All { get; } =
    [
        ("device", "cuda"), ("kernel-cache", ""), ("size", "olmo2-1b"), ("layers", "0"), ("width", "0"), ("vocabulary", "0"), ("sequence", "0"), ("groups", "4"), ("sequences", "4"), ("micro-batch", "4"),
        ("shards", "8"), ("precision", "bf16"), ("recompute", "no"), ("product", "8192"), ("copy-mib", "2048"),
    ];

    /// <summary>The model of a command line. "1b" and "7b" are OLMo 2's.</summary>
    public static PublishedSize SizeOf(CommandLine options)
    {
        string name = options.Text("size");
        PublishedSize size = PublishedSize.Of(name.Contains('-', StringComparison.Ordinal) ? name : "olmo2-" + name)
            .Shrunk(options.Number("layers", 0), options.Number("width", 0), options.Number("vocabulary", 0));
        int sequence = options.Number("sequence", 0);
        return sequence == 0 ? size : new PublishedSize(size.Config with { ContextLength = sequence }, sequence);
    }

    /// <summary>In words.</summary>
    public static string Text(CommandLine options, ParameterList parameters, int sequenceLength) => FormattableString.Invariant(
        $"{options.Text("size")}: {parameters.Elements:#,0} parameters in {parameters.Config.Layers} layers of width {parameters.Config.Width}, {options.Text("precision")}{(options.IsOn("recompute") ? ", blocks computed again" : "")}; a step is {options.Text("groups")} groups of {options.Text("sequences")} sequences of {sequenceLength}, {options.Text("micro-batch")} a pass, {options.Text("shards")} shards");
}
