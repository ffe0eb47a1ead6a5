using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Olmo.Runtime.Tests.Signatures;

/// <summary>
/// Writes members as the reference listing does, with the root namespace replaced. Modifiers that do not change how a member is used
/// (virtual, override, abstract, sealed, new, readonly) are left out on both sides.
/// </summary>
internal static class SignatureFormatter
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<string, string> s_operators = new(StringComparer.Ordinal)
    {
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_Division"] = "/",
        ["op_Addition"] = "+",
    };

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(decimal)] = "decimal",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
    };

    public static string Normalized(string signature) =>
        Regex.Replace(signature.Replace("@", string.Empty, StringComparison.Ordinal), @"\b(virtual|override|abstract|sealed|new|readonly) (?!\(\))", string.Empty);

    /// <summary>Name of a type in the listing's second column, and its namespace.</summary>
    public static (string Namespace, string Name) NameOf(Type type) =>
        (Root(type.Namespace!), type.IsNested ? $"{NameOf(type.DeclaringType!).Name}.{Short(type)}" : Short(type));

    public static IEnumerable<string> Members(Type type)
    {
        foreach (ConstructorInfo constructor in type.GetConstructors(Own).Where(c => Visible(c) && !type.IsEnum))
        {
            yield return $"{Access(constructor)}{Short(type)}({Parameters(constructor)})";
        }

        foreach (FieldInfo field in type.GetFields(Own).Where(f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName))
        {
            string access = field.IsPublic ? "public " : "protected ";
            if (type.IsEnum)
            {
                yield return $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)},";
            }
            else if (field.IsLiteral)
            {
                yield return $"{access}const {Name(field.FieldType)} {field.Name} = {Literal(field.GetRawConstantValue())}";
            }
            else
            {
                yield return $"{access}{(field.IsStatic ? "static " : string.Empty)}{Name(field.FieldType)} {field.Name}";
            }
        }

        foreach (PropertyInfo property in type.GetProperties(Own))
        {
            MethodInfo[] accessors = [.. property.GetAccessors(nonPublic: true).Where(Visible)];
            if (accessors.Length > 0)
            {
                yield return $"{Access(accessors.FirstOrDefault(a => a.IsPublic) ?? accessors[0])}{Name(property.PropertyType)} {property.Name} {{ "
                    + (accessors.Any(a => a == property.GetMethod) ? "get; " : string.Empty) + (accessors.Any(a => a == property.SetMethod && a.IsPublic) ? "set; " : string.Empty) + "}";
            }
        }

        foreach (MethodInfo method in type.GetMethods(Own).Where(m => Visible(m) && !IsAccessor(m) && !IsInherited(m)))
        {
            string name = s_operators.GetValueOrDefault(method.Name, method.Name);
            Type[] generic = method.GetGenericArguments();
            string arity = generic.Length == 0 ? string.Empty : $"<{string.Join(", ", generic.Select(g => g.Name))}>";
            yield return $"{Access(method)}{Name(method.ReturnType)} {name}{arity}({Parameters(method)}){string.Concat(generic.Select(Constraints))}";
        }
    }

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    /// <summary>What the type has from its base anyway.</summary>
    private static bool IsInherited(MethodInfo method) =>
        method.GetBaseDefinition() != method // an override adds nothing to what its base has
        ||
        (method.Name is "ToString" or "GetHashCode" or "Finalize" && method.GetParameters().Length == 0)
        || (method.Name == "Equals" && method.GetParameters() is [{ } p] && p.ParameterType == typeof(object));

    private static string Access(MethodBase method) => method.DeclaringType!.IsInterface
        ? string.Empty
        : (method.IsPublic ? "public " : "protected ") + (method.IsStatic ? "static " : string.Empty);

    private static string Parameters(MethodBase method)
    {
        bool extension = method.IsDefined(typeof(ExtensionAttribute), inherit: false);
        return string.Join(", ", method.GetParameters().Select((p, i) =>
            (extension && i == 0 ? "this " : string.Empty)
            + (p.IsDefined(typeof(ParamArrayAttribute), inherit: false) ? "params " : string.Empty)
            + (p.IsOut ? "out " : string.Empty)
            + $"{Name(p.ParameterType.IsByRef ? p.ParameterType.GetElementType()! : p.ParameterType)} {p.Name}"
            + (p.IsOptional ? $" = {Literal(p.DefaultValue)}" : string.Empty)));
    }

    private static string Constraints(Type parameter)
    {
        GenericParameterAttributes flags = parameter.GenericParameterAttributes;
        List<string> all = [];
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            all.Add("class");
        }

        all.AddRange(parameter.GetGenericParameterConstraints().Select(Name));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
        {
            all.Add("new ()");
        }

        return all.Count == 0 ? string.Empty : $" where {parameter.Name} : {string.Join(", ", all)}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text.Replace("\"", "\\\"", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "\"",
        bool b => b ? "True" : "False",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (s_keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            // The listing leaves the arguments of a generic element out.
            Type element = type.GetElementType()!;
            string name = Name(element);
            return element.IsGenericType ? $"{name[..name.IndexOf('<')]}<{new string(',', element.GetGenericArguments().Length - 1)}{(element.GetGenericArguments().Length > 1 ? " " : string.Empty)}>[]" : $"{name}[]";
        }

        string prefix = type.IsNested ? Name(type.DeclaringType!) + "." : Root(type.Namespace!) + ".";
        string arguments = type.IsGenericType ? $"<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : string.Empty;
        return prefix + Short(type) + arguments;
    }

    private static string Short(Type type) => type.Name.Contains('`') ? type.Name[..type.Name.IndexOf('`')] : type.Name;

    private static string Root(string name) => name == "Olmo.Runtime" || name.StartsWith("Olmo.Runtime.", StringComparison.Ordinal) ? "Akka" + name["Olmo.Runtime".Length..] : name;
}
