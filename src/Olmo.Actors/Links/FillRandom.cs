namespace Olmo.Actors.Links;

/// <summary>Fills a nonce with bytes that nobody can guess: the system's cryptographic source, handed in.</summary>
public delegate void FillRandom(Span<byte> bytes);
