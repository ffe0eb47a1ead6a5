using System.Text.Json.Nodes;

namespace Olmo.Runtime.Contracts;

/// <summary>Turns the JSON of one version into that of the next; a pure function.</summary>
/// <param name="Name">Contract.</param>
/// <param name="FromVersion">Version that it reads; it gives the one after.</param>
/// <param name="Upcast">The function; it may change and return its argument.</param>
public sealed record Upcaster(string Name, int FromVersion, Func<JsonObject, JsonObject> Upcast);
