using System.Xml;
using System.Xml.Linq;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>
/// The XML documentation of .NET reference assemblies as readable English: one document per type with its members, in the files' order. The assembly's name is the
/// documents' source, so that whole assemblies are held out. One assembly is in memory at a time.
/// </summary>
public sealed class DotnetDocumentation : DocumentSource
{
    private DotnetDocumentation(IReadOnlyList<InputFileInfo> files)
        : base(files)
    {
    }

    /// <inheritdoc/>
    public override string Description => "dotnet-documentation 1";

    /// <summary>The documentation that the running SDK carries.</summary>
    /// <exception cref="DataException">This .NET installation has none; the message says where was looked and names <c>--set data.path=</c>.</exception>
    public static DotnetDocumentation OfRunningSdk() => new(SdkLocator.Find(SdkLocator.Candidates(Environment.GetEnvironmentVariable)));

    /// <summary>The documentation below a folder: an SDK, its <c>packs</c> folder, or any folder with XML documentation files.</summary>
    public static DotnetDocumentation In(string path) => new(SdkLocator.FindIn(path));

    /// <inheritdoc/>
    public override IEnumerable<Document> Read(CancellationToken cancellation = default)
    {
        foreach (InputFileInfo file in Files)
        {
            AssemblyDocumentation? assembly = Load(file);
            if (assembly is null)
            {
                continue;
            }

            long number = 0;
            foreach ((string type, string text) in assembly.TypeDocuments())
            {
                cancellation.ThrowIfCancellationRequested();
                number++;
                yield return new Document($"{assembly.Name}:{type}", text, assembly.Name, file.Name, number);
            }
        }
    }

    /// <summary>Whole assemblies, chosen by their names' hash until the share of the files' bytes is reached.</summary>
    public override HeldOutRule HoldOut(double fraction) =>
        HeldOutRule.BySource(HeldOutRule.PickSources(Files.Select(f => (Path.GetFileNameWithoutExtension(f.Name), f.SizeBytes)), fraction));

    private static AssemblyDocumentation? Load(InputFileInfo file)
    {
        try
        {
            using XmlReader reader = XmlReader.Create(file.FullPath, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true });
            if (!reader.ReadToFollowing("doc"))
            {
                return null;
            }

            AssemblyDocumentation assembly = new(Path.GetFileNameWithoutExtension(file.Name));
            reader.Read();
            while (!reader.EOF)
            {
                if (reader.NodeType == XmlNodeType.Element && reader.Name == "member")
                {
                    assembly.Add((XElement)XNode.ReadFrom(reader));
                }
                else
                {
                    reader.Read();
                }
            }

            return assembly;
        }
        catch (XmlException e)
        {
            throw new DocumentFormatException(file.FullPath, e.LineNumber, $"the XML documentation is malformed: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{file.FullPath}: cannot be read: {e.Message}", e);
        }
    }
}
