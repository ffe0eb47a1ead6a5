using System.Globalization;
using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Host.Models;

/// <summary>A model folder that was written.</summary>
/// <param name="Parameters">The model.</param>
/// <param name="Type">Type of the weights.</param>
/// <param name="Digest">SHA-256 of the weights as they were read, fp32.</param>
/// <param name="HasTokenizer">Whether a tokenizer came along.</param>
internal sealed record WrittenModel(ParameterList Parameters, SafetensorsType Type, string Digest, bool HasTokenizer)
{
    /// <summary>Says what was written.</summary>
    public void WriteTo(string folder, TextWriter output)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{folder}: {Parameters.Config.Family}, {Parameters.Specs.Length} tensors, {Parameters.Elements:N0} parameters in {Type.Name()}{(HasTokenizer ? ", tokenizer" : ", no tokenizer")}"));
        output.WriteLine($"weights sha256 {Digest}");
    }
}
