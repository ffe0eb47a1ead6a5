namespace Olmo.Gpu;

/// <summary>Prints rows: the first column to the left, the others to the right.</summary>
/// <param name="output">Where they go.</param>
/// <param name="widths">Characters of each column.</param>
internal sealed class Table(TextWriter output, params int[] widths)
{
    /// <summary>Prints a row, at once.</summary>
    public void Row(params ReadOnlySpan<string> cells)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            output.Write(i == 0 ? cells[i].PadRight(widths[i]) : ' ' + cells[i].PadLeft(widths[i] - 1));
        }

        output.WriteLine();
        output.Flush();
    }
}
