using System.Reflection;
using System.Text.RegularExpressions;
using Olmo.Runtime.Actor;
using Olmo.Runtime.TestKit;
using Olmo.Tests;

namespace Olmo.Runtime.Tests.Signatures;

/// <summary>The public types in the compatibility namespaces have no member that Akka.NET's do not have.</summary>
public sealed class CompatibilityTests
{
    /// <summary>
    /// Members whose declaring type the listing leaves out: Publish comes from EventBus, Config from Settings; Nobody and the delegates
    /// of the test kit are only referred to.
    /// </summary>
    private static readonly HashSet<string> s_ofTypesLeftOut = new(StringComparer.Ordinal)
    {
        "Akka.Event.EventStream: public void Publish(object event)",
        "Akka.Actor.Settings: public Akka.Configuration.Config Config { get; }",
    };

    [ReferenceFact]
    public void PublicMembers_AreAllInTheListing()
    {
        string[][] listing = [.. File.ReadLines(ReferenceData.PathOf("akka-api", "signatures.tsv")).Skip(1).Select(l => l.Split('\t'))];
        string everything = string.Join('\n', listing.Select(l => l[2]));
        HashSet<string> namespaces = [.. listing.Select(l => l[0])];
        ILookup<(string, string), string> byType = listing.ToLookup(l => (l[0], l[1]), l => SignatureFormatter.Normalized(l[2]));
        HashSet<string> delegates = [.. listing.Where(l => l[1] == "(delegate)").Select(l => SignatureFormatter.Normalized(l[2]))];
        List<string> strangers = [];
        int checkedMembers = 0;
        foreach (Type type in new[] { typeof(ActorSystem).Assembly, typeof(TestKitBase).Assembly }.SelectMany(a => a.GetTypes()).Where(IsVisible))
        {
            (string space, string name) = SignatureFormatter.NameOf(type);
            if (!namespaces.Contains(space))
            {
                continue;
            }

            bool listed = byType.Contains((space, name));
            bool referredTo = Regex.IsMatch(everything, $@"\b{Regex.Escape($"{space}.{name}")}\b");
            bool isDelegate = typeof(Delegate).IsAssignableFrom(type) && (referredTo || delegates.Any(d => d.Contains($" {name}(", StringComparison.Ordinal)));
            if (!listed && !referredTo && !isDelegate)
            {
                strangers.Add($"{space}.{name}: type");
                continue;
            }

            foreach (string member in isDelegate ? [] : SignatureFormatter.Members(type))
            {
                checkedMembers++;
                string full = $"{space}.{name}: {member}";
                if (!s_ofTypesLeftOut.Contains(full) && !byType[(space, name)].Any(l => Covers(l, SignatureFormatter.Normalized(member))))
                {
                    strangers.Add(full);
                }
            }
        }

        Assert.True(checkedMembers > 500, $"only {checkedMembers} members were looked at");
        Assert.True(strangers.Count == 0, string.Join(Environment.NewLine, strangers));
    }

    private static bool IsVisible(Type type) => type.IsPublic || (type.IsNestedPublic && IsVisible(type.DeclaringType!));

    /// <summary>Equal, or ours leaves out a setter or trailing optional parameters: callers cannot tell.</summary>
    private static bool Covers(string listed, string ours)
    {
        if (listed == ours || listed.Replace("{ get; set; }", "{ get; }", StringComparison.Ordinal) == ours)
        {
            return true;
        }

        int end = ours.LastIndexOf(')');
        string head = end < 0 ? ours : ours[..end];
        return end >= 0 && listed.StartsWith(head + ", ", StringComparison.Ordinal)
            && listed[(head.Length + 2)..].TrimEnd(')').Split(", ").All(p => p.Contains(" = ", StringComparison.Ordinal));
    }
}
