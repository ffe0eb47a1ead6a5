namespace Olmo.Runtime.Hocon;

/// <summary>A known key.</summary>
/// <param name="Path">Its path; <c>"*"</c> stands for any name, <c>[]</c> for the elements of a list.</param>
/// <param name="IsNumeric">Whether it decides bits: a resumed run may not change it.</param>
/// <param name="IsOperational">Whether it is marked as free to change. Every key should be one of both.</param>
/// <param name="IsSecret">Whether its value is never written anywhere.</param>
/// <param name="Description">The comment, without the markers.</param>
public sealed record SettingsKey(string Path, bool IsNumeric, bool IsOperational, bool IsSecret, string Description);
