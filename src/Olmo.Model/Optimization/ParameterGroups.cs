using System.Collections.Immutable;

namespace Olmo.Model.Optimization;

/// <summary>Parameters sorted into groups of equal optimizer settings: one group per override in the order given, then the rest.</summary>
public sealed class ParameterGroups
{
    private readonly int[] _groupOfParameter;

    private ParameterGroups(ImmutableArray<ParameterGroup> groups, int[] groupOfParameter)
    {
        Groups = groups;
        _groupOfParameter = groupOfParameter;
    }

    /// <summary>The groups; none is empty.</summary>
    public ImmutableArray<ParameterGroup> Groups { get; }

    /// <summary>Group index of a parameter by its index in the list of names.</summary>
    public int GroupOf(int parameter) => _groupOfParameter[parameter];

    /// <summary>Sorts parameters into groups.</summary>
    /// <exception cref="ParameterGroupException">A pattern matches no parameter, or two overrides match one.</exception>
    public static ParameterGroups Build(
        IReadOnlyList<string> names, AdamWSettings common, IReadOnlyList<ParameterGroupOverride> overrides)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(common);
        ArgumentNullException.ThrowIfNull(overrides);
        int[] owner = new int[names.Count];
        Array.Fill(owner, -1);
        ImmutableArray<ParameterGroup>.Builder groups = ImmutableArray.CreateBuilder<ParameterGroup>();
        for (int i = 0; i < overrides.Count; i++)
        {
            groups.Add(new ParameterGroup(overrides[i].On(common), Claim(names, overrides, i, owner)));
        }

        ImmutableArray<string>.Builder rest = ImmutableArray.CreateBuilder<string>();
        for (int p = 0; p < names.Count; p++)
        {
            if (owner[p] < 0)
            {
                owner[p] = groups.Count;
                rest.Add(names[p]);
            }
        }

        if (rest.Count > 0)
        {
            groups.Add(new ParameterGroup(common, rest.ToImmutable()));
        }

        return new ParameterGroups(groups.ToImmutable(), owner);
    }

    private static ImmutableArray<string> Claim(IReadOnlyList<string> names, IReadOnlyList<ParameterGroupOverride> overrides, int index, int[] owner)
    {
        ImmutableArray<string>.Builder claimed = ImmutableArray.CreateBuilder<string>();
        foreach (string pattern in overrides[index].Patterns)
        {
            bool matched = false;
            for (int p = 0; p < names.Count; p++)
            {
                if (!NamePattern.Matches(pattern, names[p]))
                {
                    continue;
                }

                matched = true;
                if (owner[p] >= 0 && owner[p] != index)
                {
                    throw new ParameterGroupException($"Parameter '{names[p]}' is matched by the overrides {owner[p]} and {index} ('{pattern}').");
                }

                if (owner[p] < 0)
                {
                    owner[p] = index;
                    claimed.Add(names[p]);
                }
            }

            if (!matched)
            {
                throw new ParameterGroupException($"The pattern '{pattern}' of override {index} matches no parameter.");
            }
        }

        return claimed.Count > 0
            ? claimed.ToImmutable()
            : throw new ParameterGroupException($"Override {index} has no pattern.");
    }
}
