using System.Collections.Immutable;
using System.Globalization;
using Olmo.Model.Models;

namespace Olmo.Model.Formats;

/// <summary>A weight file of a model folder.</summary>
/// <param name="Name">File name.</param>
/// <param name="First">First parameter in it.</param>
/// <param name="End">The parameter after its last one.</param>
/// <param name="SizeBytes">Bytes of its tensors.</param>
internal sealed record WeightFile(string Name, int First, int End, long SizeBytes)
{
    /// <summary>Deals parameters to files, in their order: a file is closed where the next tensor would make it larger than the format allows.</summary>
    public static ImmutableArray<WeightFile> Plan(ParameterList parameters, ModelFolderFormat format)
    {
        long elementBytes = format.Type.SizeBits() / 8;
        List<(int First, int End, long SizeBytes)> parts = [];
        int first = 0;
        long size = 0;
        for (int p = 0; p < parameters.Specs.Length; p++)
        {
            long bytes = checked(parameters.Specs[p].Shape.Count * elementBytes);
            if (p > first && size > (format.MaxShardBytes ?? long.MaxValue) - bytes)
            {
                parts.Add((first, p, size));
                first = p;
                size = 0;
            }

            size += bytes;
        }

        parts.Add((first, parameters.Specs.Length, size));
        return
        [
            .. parts.Select((part, i) => new WeightFile(
                parts.Count == 1 ? HuggingFaceFolder.SingleFile : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{parts.Count:00000}.safetensors"),
                part.First,
                part.End,
                part.SizeBytes)),
        ];
    }
}
