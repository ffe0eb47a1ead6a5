using System.CommandLine;
using System.Globalization;
using Olmo.Data;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Data.TokenFiles;
using Olmo.Data.Tokenization;

namespace Olmo.Host.Commands;

/// <summary><c>olmo data inspect PATH</c>: what token files hold, and whether they are sound. Exit code 2 if they are not.</summary>
internal static class DataInspect
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> path = new("path") { Description = "A token file (.npy), or a folder of prepared data with its manifest." };
        Option<string?> type = new("--type") { Description = "How ids are stored; not needed beside a manifest." };
        type.AcceptOnlyFromAmong("uint16", "uint32");
        Option<string?> tokenizerPath = new("--tokenizer", "-t") { Description = "tokenizer.json, or its folder: decodes tokens, and gives EOS and vocabulary size." };
        Option<int> count = new("--tokens") { Description = "How many tokens to show.", DefaultValueFactory = _ => 64 };
        Option<long> from = new("--from") { Description = "First token to show.", DefaultValueFactory = _ => 0 };
        Option<long?> document = new("--document") { Description = "Shows the document that holds this token." };
        Command command = new("inspect", "Shows size, type, documents and tokens of token files, and checks them.") { path, type, tokenizerPath, count, from, document };
        command.SetAction((r, cancellation) =>
        {
            bool sound = true;
            InputMistakes.AsUsage(() =>
            {
                Tokenizer? tokenizer = r.GetValue(tokenizerPath) is { } file ? Tokenizer.Load(file) : null;
                Inspection inspection = new(r.InvocationConfiguration.Output, tokenizer, r.GetValue(from), r.GetValue(count), r.GetValue(document), cancellation);
                sound = inspection.Run(r.GetValue(path)!, r.GetValue(type));
            });
            return Task.FromResult(sound ? ExitCodes.Done : ExitCodes.Usage);
        });
        return command;
    }

    private sealed class Inspection(TextWriter output, Tokenizer? tokenizer, long from, int count, long? document, CancellationToken cancellation)
    {
        public bool Run(string path, string? typeName)
        {
            if (Directory.Exists(path))
            {
                PreparedData data = PreparedData.Open(path, verifyContents: true);
                Line($"prepared data {data.Key}: {data.Train.Tokens} tokens to train on in {data.Train.Documents} documents, {data.HeldOut.Tokens} held out in {data.HeldOut.Documents}; digests agree");
                bool sound = true;
                foreach (TokenFileEntry entry in data.Train.Files.Concat(data.HeldOut.Files))
                {
                    sound &= One(entry.Path, entry.Type, data.EosId, data.VocabularySize);
                }

                return sound;
            }

            PreparedData? beside = Beside(path);
            TokenType type = typeName is not null ? TokenTypes.Parse(typeName)
                : beside?.TokenType ?? (tokenizer is not null ? TokenTypes.Smallest(tokenizer.VocabularySize) : throw new DataException($"{path}: a token file does not say how ids are stored: give --type uint16 or uint32, or --tokenizer."));
            return One(path, type, beside?.EosId ?? tokenizer?.EosId, beside?.VocabularySize ?? tokenizer?.VocabularySize);
        }

        private static PreparedData? Beside(string path)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return File.Exists(Path.Combine(folder, "manifest.json")) ? PreparedData.Open(folder) : null;
        }

        private bool One(string path, TokenType type, int? eosId, int? vocabularySize)
        {
            using TokenFile file = TokenFile.Open(path, type);
            TokenFileReport report = TokenFileReport.Create(file, eosId, vocabularySize, cancellation);
            Line($"{path}");
            Line($"  {file.LengthTokens} tokens, {type.Name()}, {file.LengthBytes} bytes");
            Line($"  ids: {report.DistinctIds} different, largest {report.LargestId}{(vocabularySize is null ? "" : $" of a vocabulary of {vocabularySize}")}");
            if (report.EosTokens is not null)
            {
                Line($"  end-of-document tokens (id {eosId}): {report.EosTokens}");
            }

            Line(report.Documents is null
                ? $"  documents: unknown, {Path.GetFileName(DocumentMetadata.PathOf(path))} is absent"
                : $"  documents: {report.Documents}, mean {(report.Documents == 0 ? 0 : (double)report.LengthTokens / report.Documents.Value):F1} tokens, longest {report.LongestDocument}");
            ShowTokens(file);
            ShowDocument(file);
            foreach (string problem in report.Problems)
            {
                Line($"  PROBLEM: {problem}");
            }

            Line(report.Problems.Count == 0 ? "  checks: sound" : $"  checks: {report.Problems.Count} problems");
            return report.Problems.Count == 0;
        }

        private void ShowTokens(TokenFile file)
        {
            long first = Math.Clamp(from, 0, file.LengthTokens);
            int[] ids = new int[Math.Clamp(Math.Min(count, file.LengthTokens - first), 0, int.MaxValue)];
            if (ids.Length == 0)
            {
                return;
            }

            file.Read(first, ids);
            Line($"  tokens {first} to {first + ids.Length - 1}: {string.Join(' ', ids)}");
            if (tokenizer is not null)
            {
                Line($"  text: {Quoted(tokenizer.Decode(ids))}");
            }
        }

        private void ShowDocument(TokenFile file)
        {
            if (document is null || !File.Exists(DocumentMetadata.PathOf(file.Path)))
            {
                return;
            }

            DocumentMetadata? found = DocumentMetadata.Read(DocumentMetadata.PathOf(file.Path)).FirstOrDefault(d => d.Start <= document && document < d.End);
            Line(found is null
                ? $"  token {document} belongs to no document"
                : $"  token {document} belongs to document {Quoted(found.Id)}: tokens {found.Start} to {found.End - 1}, from {found.Origin}, {found.Location}");
        }

        private void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

        private void Line(string text) => output.WriteLine(text);

        private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
