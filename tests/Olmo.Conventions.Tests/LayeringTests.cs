using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Olmo.Conventions.Tests;

/// <summary>The rules of the house that a compiler does not check.</summary>
public sealed class LayeringTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Olmo.Data"] = [],
        ["Olmo.Model"] = ["Olmo.Data"],
        ["Olmo.Runtime"] = [],
        ["Olmo.Actors"] = ["Olmo.Model", "Olmo.Runtime"],
        ["Olmo.TestKit"] = ["Olmo.Actors"],
        ["Olmo.Host"] = ["Olmo.Actors"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_GoOneWay(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"));
        string[] references = [.. file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
            .Order(StringComparer.Ordinal)];

        Assert.Equal(Allowed[project].Order(StringComparer.Ordinal), references);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Source_Namespaces_EqualFolders(string project)
    {
        string root = Path.Combine(Repository.Root, "src", project);
        List<string> wrong = [];
        foreach (string path in Repository.SourcesBelow(root))
        {
            string? line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith("namespace ", StringComparison.Ordinal));
            string folder = Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace('/', '.');
            string expected = folder == "." ? project : $"{project}.{folder}";
            bool compatible = project == "Olmo.TestKit" && line?.StartsWith("namespace Olmo.Runtime.", StringComparison.Ordinal) == true; // Akka.NET's own sub-namespaces
            if (line is not null && line != $"namespace {expected};" && !compatible)
            {
                wrong.Add($"{Path.GetRelativePath(root, path)}: {line}, expected {expected}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Actors_NameTheEnginesRoot_InOneFileOnly()
    {
        string root = Path.Combine(Repository.Root, "src", "Olmo.Actors");
        string[] named = [.. Repository.SourcesBelow(root).Where(path => File.ReadAllText(path).Contains("Olmo.Runtime", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(root, path))];

        Assert.Equal(["GlobalUsings.Akka.cs", "GlobalUsings.cs"], named);
    }

    /// <summary>Where Akka.NET has a namespace of that name the swap takes Akka.NET's; of Olmo.Runtime only what is no part of an actor engine stays.</summary>
    [Fact]
    public void Actors_UsingsForAkka_AreOursWithTheEnginesNamespacesReplaced()
    {
        string[] engine = ["Actor", "Configuration", "Dispatch", "Event", "Pattern", "Persistence", "Routing", "Serialization", "Util"];
        string[] expected = [.. Usings("GlobalUsings.cs").Select(u => engine.Contains(u.Split('.')[^1], StringComparer.Ordinal) ? u.Replace("Olmo.Runtime", "Akka", StringComparison.Ordinal) : u)
            .Order(StringComparer.Ordinal)];

        Assert.Contains("Akka.Actor", expected);
        Assert.Equal(expected, Usings("GlobalUsings.Akka.cs"));

        static string[] Usings(string file) => [.. File.ReadLines(Path.Combine(Repository.Root, "src", "Olmo.Actors", file))
            .Where(l => l.StartsWith("global using ", StringComparison.Ordinal)).Select(l => l["global using ".Length..].TrimEnd(';'))];
    }

    [Fact]
    public void Types_StaticFields_AreNeverMutable()
    {
        List<string> mutable = [];
        foreach (string project in Allowed.Keys)
        {
            Assembly assembly = Assembly.Load(project == "Olmo.Host" ? "olmo" : project);
            foreach (Type type in assembly.GetTypes().Where(t => !IsGenerated(t)))
            {
                mutable.AddRange(type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                    .Where(f => !f.IsLiteral && !f.IsInitOnly && !IsAllowed(f)).Select(f => $"{type.FullName}.{f.Name}"));
            }
        }

        Assert.Empty(mutable);
    }

    [Fact]
    public void Sources_AreNeverLongerThan500Lines()
    {
        string[] tooLong = [.. Repository.SourcesBelow(Path.Combine(Repository.Root, "src")).Where(p => File.ReadLines(p).Count() > 500)
            .Select(p => Path.GetRelativePath(Repository.Root, p))];

        Assert.Empty(tooLong);
    }

    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) || type.Name.Contains('<', StringComparison.Ordinal)
        || typeof(System.Text.Json.Serialization.JsonSerializerContext).IsAssignableFrom(type)
        || type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false);

    // A slot per thread is no state that two nodes in one process would share.
    private static bool IsAllowed(FieldInfo field) =>
        field.IsDefined(typeof(ThreadStaticAttribute)) || field.Name.Contains('<', StringComparison.Ordinal) && field.IsDefined(typeof(CompilerGeneratedAttribute)) && field.IsInitOnly;
}
