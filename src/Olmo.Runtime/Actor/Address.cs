using System.Globalization;

namespace Olmo.Runtime.Actor;

/// <summary>Where an actor system is: <c>protocol://system</c> or <c>protocol://system@host:port</c>.</summary>
#pragma warning disable CA1036 // the compatibility surface has an order but no order operators
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable
#pragma warning restore CA1036
{
    public Address(string protocol, string system, string? host = null, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(system);
        Protocol = protocol;
        System = system;
        Host = string.IsNullOrEmpty(host) ? null : host;
        Port = port;
    }

    public string Protocol { get; }

    public string System { get; }

    public string? Host { get; }

    public int? Port { get; }

    public bool HasLocalScope => Host is null;

    public bool HasGlobalScope => Host is not null;

    public Address WithHost(string? host = null) => new(Protocol, System, host, Port);

    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);

    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    public Address WithSystem(string system) => new(Protocol, system, Host, Port);

    /// <summary>The form without protocol: <c>system@host:port</c>.</summary>
    public string HostPort() => Host is null
        ? System
        : Port is { } port ? string.Create(CultureInfo.InvariantCulture, $"{System}@{Host}:{port}") : $"{System}@{Host}";

    public override string ToString() => $"{Protocol}://{HostPort()}";

    /// <exception cref="UriFormatException">The text is no address.</exception>
    public static Address Parse(string address) =>
        TryParse(address, out Address? parsed) ? parsed! : throw new UriFormatException($"[{address}] is no actor system address.");

    public static bool TryParse(string path, out Address? address) => TryParse(path, out address, out string? _);

    /// <summary>Reads the address and hands back the rest from its first slash on (<c>/</c> where there is none).</summary>
    public static bool TryParse(string path, out Address? address, out string? absolutUri)
    {
        address = null;
        absolutUri = null;
        if (string.IsNullOrEmpty(path))
        {
            return false;
        }

        int scheme = path.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
        {
            return false;
        }

        int start = scheme + 3;
        int slash = path.IndexOf('/', start);
        string authority = slash < 0 ? path[start..] : path[start..slash];
        string rest = slash < 0 ? "/" : path[slash..];
        int at = authority.IndexOf('@');
        string system = at < 0 ? authority : authority[..at];
        if (system.Length == 0 || system.Contains(':'))
        {
            return false;
        }

        string? host = null;
        int? port = null;
        if (at >= 0)
        {
            string hostPort = authority[(at + 1)..];
            int bracket = hostPort.StartsWith('[') ? hostPort.IndexOf(']') : 0;
            int colon = bracket < 0 ? -1 : hostPort.IndexOf(':', bracket);
            if (colon >= 0)
            {
                if (!int.TryParse(hostPort.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 65535)
                {
                    return false;
                }

                port = number;
                hostPort = hostPort[..colon];
            }

            if (hostPort.Length == 0)
            {
                return false;
            }

            host = hostPort;
        }

        address = new Address(path[..scheme], system, host, port);
        absolutUri = rest;
        return true;
    }

    public bool Equals(Address? other) => other is not null && Port == other.Port
        && string.Equals(Host, other.Host, StringComparison.OrdinalIgnoreCase)
        && string.Equals(System, other.System, StringComparison.Ordinal)
        && string.Equals(Protocol, other.Protocol, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as Address);

    public override int GetHashCode() =>
        (StringComparer.Ordinal.GetHashCode(System) * 31) + (Host is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(Host)) + (Port ?? 0);

    public int CompareTo(Address? other)
    {
        if (other is null)
        {
            return 1;
        }

        int byProtocol = string.CompareOrdinal(Protocol, other.Protocol);
        int bySystem = byProtocol != 0 ? byProtocol : string.CompareOrdinal(System, other.System);
        int byHost = bySystem != 0 ? bySystem : string.Compare(Host, other.Host, StringComparison.OrdinalIgnoreCase);
        return byHost != 0 ? byHost : (Port ?? 0).CompareTo(other.Port ?? 0);
    }

    int IComparable.CompareTo(object? obj) => obj is null or Address
        ? CompareTo(obj as Address)
        : throw new ArgumentException($"Cannot compare {nameof(Address)} with {obj.GetType()}.", nameof(obj));

    public static bool operator ==(Address? left, Address? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Address? left, Address? right) => !(left == right);
}
