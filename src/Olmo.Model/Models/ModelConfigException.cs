namespace Olmo.Model.Models;

/// <summary>A model's sizes or settings do not fit each other, or are out of range; the message names key, value and limit.</summary>
public sealed class ModelConfigException(string message) : Exception(message);
