namespace Olmo.Model.Formats;

/// <summary>How the weights of a model folder are stored.</summary>
/// <param name="Type">F32, BF16 or F16.</param>
/// <param name="MaxShardBytes">
/// Bytes of tensors in a file at most, a single larger tensor excepted: more go into <c>model-00001-of-0000n.safetensors</c> and so on with an index. Null: one file.
/// </param>
public sealed record ModelFolderFormat(SafetensorsType Type, long? MaxShardBytes = null);
