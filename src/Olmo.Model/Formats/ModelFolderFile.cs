namespace Olmo.Model.Formats;

/// <summary>A small file that goes into a model folder beside the weights.</summary>
/// <param name="Name">File name without a folder.</param>
/// <param name="Content">Its bytes.</param>
public readonly record struct ModelFolderFile(string Name, ReadOnlyMemory<byte> Content);
