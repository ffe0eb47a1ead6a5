using Olmo.Conformance;
using Olmo.Conformance.Models;

switch (args)
{
    case [string data] when Directory.Exists(data):
        return Tokenizers(data);
    case ["models", string data, string imported] when Directory.Exists(data) && Directory.Exists(imported):
        return Models(data, imported);
    default:
        Console.Error.WriteLine("usage: Olmo.Conformance REFERENCE_DATA | Olmo.Conformance models REFERENCE_DATA IMPORTED_FOLDERS");
        return 2;
}

static int Tokenizers(string data)
{
    Tally tally = new(Console.Out);
    new TokenizerCases(data, tally).Run();
    new TrainingCases(data, tally).Run();
    (double dolma2, double neox) = new TokenizerSpeed(data, TimeProvider.System, Console.Out).Run();
    Console.WriteLine(FormattableString.Invariant($"{tally.Exact} of {tally.Total} exact, {dolma2:F1} MB/s (dolma2), {neox:F1} MB/s (neox)"));
    return tally.Exact == tally.Total ? 0 : 1;
}

static int Models(string data, string imported)
{
    (int within, int total) = new ModelTable(Path.Combine(data, "golden", "models"), imported, Console.Out).Run();
    Console.WriteLine($"{within} of {total} within bounds");
    return within == total && total > 0 ? 0 : 1;
}
