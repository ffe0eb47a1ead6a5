using System.Globalization;
using System.Text;
using Olmo.Data.Tokenization;

namespace Olmo.Conformance;

/// <summary>Megabytes (10^6 bytes of UTF-8) that one thread encodes a second, with a warm cache; the best of some runs.</summary>
internal sealed class TokenizerSpeed(string data, TimeProvider time, TextWriter output)
{
    private const int RunCount = 5;
    private const int LargeBytes = 32_000_000;

    public (double Dolma2, double Neox) Run()
    {
        string shakespeare = Golden.ReadText(Path.Combine(data, "text", "tinyshakespeare.txt"));
        string questions = Golden.ReadText(Path.Combine(data, "gsm8k", "test.jsonl"));
        string training = Golden.ReadText(Path.Combine(data, "gsm8k", "train.jsonl"));
        string[] both = [shakespeare, questions];
        string[] lines = [.. both.SelectMany(t => t.Split('\n'))];
        string[] large = [.. Repeat([shakespeare, training], LargeBytes)];
        double[] rates = new double[2];
        int index = 0;
        foreach ((string name, string file) in TokenizerCases.Files)
        {
            Tokenizer tokenizer = Tokenizer.Load(Path.Combine(data, "tokenizers", file));
            Measure(name, "tinyshakespeare.txt", tokenizer, [shakespeare]);
            Measure(name, "gsm8k/test.jsonl", tokenizer, [questions]);
            rates[index++] = Measure(name, "both files", tokenizer, both);
            Measure(name, "both files, line by line", tokenizer, lines);
            Measure(name, "tinyshakespeare + gsm8k/train, repeated", tokenizer, large);
        }

        return (rates[0], rates[1]);
    }

    private static IEnumerable<string> Repeat(string[] texts, long bytes)
    {
        for (int i = 0; bytes > 0; i++)
        {
            yield return texts[i % texts.Length];
            bytes -= texts[i % texts.Length].Length;
        }
    }

    private double Measure(string tokenizerName, string textName, Tokenizer tokenizer, string[] texts)
    {
        long bytes = texts.Sum(t => (long)Encoding.UTF8.GetByteCount(t));
        List<int> ids = [];
        long count = 0;
        double best = 0;
        for (int run = 0; run <= RunCount; run++)
        {
            count = 0;
            long start = time.GetTimestamp();
            foreach (string text in texts)
            {
                ids.Clear();
                tokenizer.Encode(text, ids);
                count += ids.Count;
            }

            double seconds = time.GetElapsedTime(start).TotalSeconds;
            best = run == 0 ? 0 : Math.Max(best, bytes / seconds / 1e6);
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{tokenizerName}: {textName,-42} {bytes / 1e6,6:F1} MB {count,9} ids {best,7:F1} MB/s"));
        return best;
    }
}
