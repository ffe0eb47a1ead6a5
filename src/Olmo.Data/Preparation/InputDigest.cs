namespace Olmo.Data.Preparation;

/// <summary>A digest that was computed earlier, valid while size and time of the file stay.</summary>
internal sealed record InputDigest(long SizeBytes, long ModifiedTicks, string Sha256);
