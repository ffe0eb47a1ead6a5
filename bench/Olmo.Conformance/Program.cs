using Olmo.Conformance;

if (args is not [string data] || !Directory.Exists(data))
{
    Console.Error.WriteLine("usage: Olmo.Conformance REFERENCE_DATA");
    return 2;
}

Tally tally = new(Console.Out);
new TokenizerCases(data, tally).Run();
new TrainingCases(data, tally).Run();
(double dolma2, double neox) = new TokenizerSpeed(data, TimeProvider.System, Console.Out).Run();
Console.WriteLine(FormattableString.Invariant($"{tally.Exact} of {tally.Total} exact, {dolma2:F1} MB/s (dolma2), {neox:F1} MB/s (neox)"));
return tally.Exact == tally.Total ? 0 : 1;
