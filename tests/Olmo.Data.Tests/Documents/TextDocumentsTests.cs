using Olmo.Data.Documents;
using Olmo.Tests;

namespace Olmo.Data.Tests.Documents;

public sealed class TextDocumentsTests
{
    [Fact]
    public void Read_Folder_GivesOneDocumentPerFileByName()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.File("b"));
        File.WriteAllText(folder.File("b/two.txt"), "second\n");
        File.WriteAllText(folder.File("a.md"), "\uFEFFfirst\r\nline");
        File.WriteAllText(folder.File("c.txt"), " \n");
        File.WriteAllText(folder.File(".hidden"), "no");
        File.WriteAllText(folder.File("d.jsonl"), "{}");
        Assert.Equal(
            [new Document("a.md", "first\r\nline", "a.md", "a.md", 1), new Document("b/two.txt", "second\n", "b/two.txt", "b/two.txt", 1)],
            TextDocuments.Open(folder.Path).Read());
    }

    [Fact]
    public void Read_BlankLines_CutsBetweenParagraphs()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.txt"), "\none\nmore\n\n\ntwo\n \nthree");
        Document[] documents = [.. TextDocuments.Open(folder.File("a.txt"), new TextOptions(TextSplit.BlankLines)).Read()];
        Assert.Equal(["\none\nmore\n\n", "\ntwo\n \n", "three"], documents.Select(d => d.Text));
        Assert.Equal([1L, 5, 8], documents.Select(d => d.Location));
        Assert.Equal(["a.txt:1", "a.txt:5", "a.txt:8"], documents.Select(d => d.Id));
    }

    [Fact]
    public void Read_Blocks_JoinsParagraphsUpToTheSizeAndCutsLongOnes()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.txt"), "aa\n\nbb\n\ncc\n\n" + string.Concat(Enumerable.Repeat("0123456789\n", 10)));
        string[] texts = [.. TextDocuments.Open(folder.File("a.txt"), new TextOptions(TextSplit.Blocks, BlockCharacters: 6)).Read().Select(d => d.Text)];
        Assert.Equal("aa\n\nbb\n\n", texts[0]);
        Assert.Equal("cc\n\n0123456789\n0123456789\n", texts[1]);
        Assert.Equal(File.ReadAllText(folder.File("a.txt")), string.Concat(texts));
    }

    [ReferenceFact]
    public void Read_TinyShakespeare_LosesNothingAndHasPartsToHoldOut()
    {
        string path = ReferenceData.PathOf("text", "tinyshakespeare.txt");
        TextDocuments source = TextDocuments.Open(path);
        Assert.Equal(File.ReadAllText(path), string.Concat(source.Read().Select(d => d.Text)));
        HeldOutRule rule = source.HoldOut(0.05);
        double held = source.Read().Where(rule.IsHeldOut).Sum(d => (long)d.Text.Length);
        Assert.InRange(held / File.ReadAllText(path).Length, 0.01, 0.12);
    }

    [Fact]
    public void Read_InvalidUtf8_NamesFileAndLine()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.txt"), [.. "good\n"u8, 0xFF, .. "x\n"u8]);
        DocumentFormatException error = Assert.Throws<DocumentFormatException>(() => TextDocuments.Open(folder.File("a.txt")).Read().Count());
        Assert.Contains("not valid UTF-8", error.Message, StringComparison.Ordinal);
        Assert.Contains("a.txt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ByKind_PicksTheSourceThatThePathHolds()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.txt"), "x");
        Assert.IsType<TextDocuments>(DocumentSources.Open(DocumentSourceKind.Auto, folder.File("a.txt")));
        Assert.IsType<TextDocuments>(DocumentSources.Open(DocumentSourceKind.Auto, folder.Path));
        File.WriteAllText(folder.File("b.jsonl.gz"), "x");
        Assert.IsType<JsonlDocuments>(DocumentSources.Open(DocumentSourceKind.Auto, folder.Path));
        DataException error = Assert.Throws<DataException>(() => DocumentSources.Open(DocumentSourceKind.Text, null));
        Assert.Contains("--set data.path=", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeldOutRule_EqualTexts_FallOnTheSameSide()
    {
        HeldOutRule rule = HeldOutRule.ByText(0.5);
        int held = 0;
        for (int i = 0; i < 1000; i++)
        {
            string text = $"text {i}";
            bool first = rule.IsHeldOut(new Document("a", text, "s", "o", 1));
            Assert.Equal(first, rule.IsHeldOut(new Document("b", text, "t", "p", 2)));
            held += first ? 1 : 0;
        }

        Assert.InRange(held, 430, 570);
        Assert.False(HeldOutRule.ByText(0).IsHeldOut(new Document("a", "x", "s", "o", 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeldOutRule.ByText(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeldOutRule.ByText(double.NaN));
    }
}
