using System.Globalization;
using Olmo.Host.Commands;
using Olmo.Host.Models;

namespace Olmo.Host.Tests.Commands;

public sealed class LabelledLinesTests
{
    [Fact]
    public void Add_TextsThatTakeTurns_WritesEachLineWhenItIsWhole()
    {
        StringWriter output = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
        LabelledLines lines = new(output, [new PromptText("a", "prompt 1"), new PromptText("b\nc", "prompt 2"), new PromptText("d\n", "prompt 3")]);

        lines.Add(0, " b");
        Assert.Equal("", output.ToString());
        lines.Add(1, "d\n\ne");
        Assert.Equal("[2] b\n[2] cd\n[2] \n", output.ToString());
        lines.Add(0, "c\n");
        lines.End(0);
        lines.End(2);
        lines.End(1);

        Assert.Equal("[2] b\n[2] cd\n[2] \n[1] a bc\n[3] d\n[2] e\n", output.ToString());
    }
}
