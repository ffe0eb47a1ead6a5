using Olmo.Data.Documents;
using Olmo.Data.Documents.Dotnet;

namespace Olmo.Data.Tests.Documents.Dotnet;

public sealed class DotnetDocumentationTests
{
    private const string Xml = """
        <?xml version="1.0" encoding="utf-8"?>
        <doc>
          <assembly><name>Sample</name></assembly>
          <members>
            <member name="T:Acme.Box`1">
              <summary>A box for one
                <typeparamref name="TItem" />; see <see cref="T:System.Collections.Generic.List`1" /> and <see langword="null" />.</summary>
              <typeparam name="TItem">What it holds.</typeparam>
              <remarks><para>First.</para><para>Second, with <c>code</c>.</para></remarks>
            </member>
            <member name="M:Acme.Box`1.#ctor(`0)">
              <summary>Makes one.</summary>
              <param name="item">The item.</param>
            </member>
            <member name="M:Acme.Box`1.Convert``1(System.Func{`0,``0},System.Int32[0:,0:]@,System.Nullable{System.Boolean})">
              <summary>Converts.</summary>
              <typeparam name="TOut">Other type.</typeparam>
              <param name="map">The map.</param>
              <param name="grid">The grid.</param>
              <param name="flag">The flag.</param>
              <returns>A <see cref="T:Acme.Box`1" />.</returns>
              <exception cref="T:System.ArgumentNullException"><paramref name="map" /> is <see langword="null" />.</exception>
            </member>
            <member name="M:Acme.Box`1.op_Implicit(`0)~Acme.Box{`0}"><summary>Wraps.</summary></member>
            <member name="M:Acme.Box`1.op_Equality(Acme.Box{`0},Acme.Box{`0})"><summary>Compares.</summary></member>
            <member name="M:Acme.Box`1.System#Collections#IEnumerable#GetEnumerator"><summary>Enumerates.</summary></member>
            <member name="P:Acme.Box`1.Item(System.String)"><summary>Looks up.</summary><param name="key">The key.</param></member>
            <member name="F:Acme.Box`1.Empty"><inheritdoc /></member>
            <member name="T:Acme.Box`1.Lid"><summary>Its lid, opened by <see cref="M:Acme.Box`1.Convert``1(System.Func{`0,``0})" />.</summary></member>
            <member name="T:Acme.Silent" />
            <member name="N:Acme"><summary>Not a type.</summary></member>
          </members>
        </doc>
        """;

    [Fact]
    public void Read_AssemblyFile_GivesOneReadableDocumentPerType()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("Sample.xml"), Xml);
        Document[] documents = [.. DotnetDocumentation.In(folder.Path).Read()];
        Assert.Equal(["Sample:Acme.Box`1", "Sample:Acme.Box`1.Lid"], documents.Select(d => d.Id));
        Assert.All(documents, d => Assert.Equal("Sample", d.Source));
        const string Expected = """
            Box<TItem>
            Namespace Acme, assembly Sample

            A box for one TItem; see List<T> and null.
            TItem: What it holds.
            Remarks: First.
            Second, with code.

            new Box<TItem>(TItem item)
            Makes one.
            item: The item.

            Box<TItem>.Convert<TOut>(Func<TItem, TOut> map, ref int[,] grid, bool? flag)
            Converts.
            TOut: Other type.
            map: The map.
            grid: The grid.
            flag: The flag.
            Returns: A Box<TItem>.
            Throws ArgumentNullException: map is null.

            Box<TItem>: implicit operator Box<TItem>(TItem)
            Wraps.

            Box<TItem>: operator ==(Box<TItem>, Box<TItem>)
            Compares.

            Box<TItem>.System.Collections.IEnumerable.GetEnumerator()
            Enumerates.

            Box<TItem>.this[string key]
            Looks up.
            key: The key.

            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), documents[0].Text);
        Assert.Equal("Box<TItem>.Lid\nNamespace Acme, assembly Sample\n\nIts lid, opened by Box<TItem>.Convert.\n", documents[1].Text);
    }

    [Fact]
    public void Read_MalformedXml_NamesFileAndLine()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("Bad.xml"), "<doc><members>\n<member name=\"T:A\"><summary>x</member></members></doc>");
        DocumentFormatException error = Assert.Throws<DocumentFormatException>(() => DotnetDocumentation.In(folder.Path).Read().Count());
        Assert.Equal(2, error.Line);
        Assert.Contains("Bad.xml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NoSdkAnywhere_NamesThePlacesAndTheWayOut()
    {
        using TemporaryFolder folder = new();
        DataException error = Assert.Throws<DataException>(() => SdkLocator.Find([folder.Path]));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains("--set data.path=", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_PacksOfSeveralVersions_TakesTheNewestAndEachAssemblyOnceFromTheMainPack()
    {
        using TemporaryFolder folder = new();
        foreach (string file in (string[])[
            "Microsoft.NETCore.App.Ref/9.0.1/ref/net9.0/Old.xml",
            "Microsoft.NETCore.App.Ref/10.0.0/ref/net10.0/Shared.xml",
            "Microsoft.NETCore.App.Ref/10.0.0/ref/net10.0/Core.xml",
            "AAA.Ref/1.0.0/ref/net10.0/Shared.xml",
            "AAA.Ref/1.0.0/ref/net10.0/Web.xml"])
        {
            string path = folder.File($"packs/{file}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file);
        }

        IReadOnlyList<InputFileInfo> files = SdkLocator.Find(["/absent", folder.Path]);
        Assert.Equal(["Core.xml", "Shared.xml", "Web.xml"], files.Select(f => f.Name));
        Assert.Contains("NETCore", files[1].FullPath, StringComparison.Ordinal);
        Assert.Equal(files, SdkLocator.FindIn(folder.File("packs")));
        Assert.Equal(files, SdkLocator.FindIn(folder.Path));
    }

    [Fact]
    public void OfRunningSdk_ThisMachine_HoldsOutWholeAssembliesOfThreeToFivePercent()
    {
        DotnetDocumentation source = DotnetDocumentation.OfRunningSdk();
        HeldOutRule rule = source.HoldOut(0.04);
        Assert.Equal(rule.Description, DotnetDocumentation.OfRunningSdk().HoldOut(0.04).Description);
        long total = source.Files.Sum(f => f.SizeBytes);
        long held = source.Files.Where(f => rule.IsHeldOut(new Document("", "", Path.GetFileNameWithoutExtension(f.Name), "", 1))).Sum(f => f.SizeBytes);
        Assert.True(total > 10_000_000, $"{total} bytes");
        Assert.InRange((double)held / total, 0.03, 0.05);
    }
}
