using System.Text.Json;
using System.Text.Json.Serialization;
using Olmo.Actors.Nodes;

namespace Olmo.Host.Nodes;

/// <summary>What a node tells a child process as the first line of its standard input: never by arguments, which everybody on the machine can read.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Number">Number of the process.</param>
/// <param name="Slot">Place among the living processes of the role.</param>
/// <param name="Parent">Process id of the node.</param>
/// <param name="Port">The hub's port on loopback.</param>
/// <param name="Secret">Base64 of the secret of this node's links.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Recipe">The resolved recipe.</param>
/// <param name="DataFolder">Prepared token files.</param>
/// <param name="TokenizerFolder">The tokenizer.</param>
/// <param name="AcceptNewTimeline">Whether changed numeric keys open a new timeline.</param>
/// <param name="NumericsId">The run's numerics id.</param>
/// <param name="Processors">Processors that its compute threads are bound to; empty: not bound.</param>
internal sealed record ChildOrders(
    ProcessRole Role, int Number, int Slot, int Parent, int Port, string Secret, DateTimeOffset StartedAt, string Recipe, string DataFolder, string TokenizerFolder,
    bool AcceptNewTimeline, string NumericsId, IReadOnlyList<int> Processors)
{
    /// <summary>Name of its endpoint.</summary>
    public string Endpoint => Role is ProcessRole.Coordinator ? NodeActor.CoordinatorEndpoint : $"rank-{Number}";

    /// <summary>Name of its files.</summary>
    public string FileName => Role is ProcessRole.Coordinator ? NodeActor.CoordinatorEndpoint : $"rank-slot-{Slot}";

    /// <summary>The line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, ChildOrdersJson.Default.ChildOrders);

    /// <summary>Reads the line.</summary>
    /// <exception cref="UsageException">It is no orders: the verb was called by a person.</exception>
    public static ChildOrders Read(TextReader input, ProcessRole role)
    {
        try
        {
            ChildOrders? orders = JsonSerializer.Deserialize(input.ReadLine() ?? "", ChildOrdersJson.Default.ChildOrders);
            return orders?.Role == role ? orders : throw new UsageException($"the orders are for another role than {role}");
        }
        catch (JsonException)
        {
            throw new UsageException("this verb is started by 'olmo run' alone");
        }
    }

    // The secret stays out of logs.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Role} {Number}, slot {Slot}, parent {Parent}, port {Port}");
        return true;
    }
}

/// <summary>Generated reader and writer.</summary>
[JsonSerializable(typeof(ChildOrders))]
internal sealed partial class ChildOrdersJson : JsonSerializerContext;
