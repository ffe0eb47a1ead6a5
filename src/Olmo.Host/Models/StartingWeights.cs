using System.Security.Cryptography;
using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Host.Models;

/// <summary>The weights that a training starts from, out of an imported folder. What is read must have the digest that the folder and the run's journal name.</summary>
/// <param name="folder">The folder.</param>
/// <param name="digest">SHA-256 of its weights as fp32.</param>
internal sealed class StartingWeights(string folder, string digest)
{
    /// <summary>Fills a model's weights.</summary>
    /// <exception cref="InvalidDataException">The folder holds other weights.</exception>
    public void Fill(ResidentWeights weights)
    {
        using HuggingFaceFolder files = HuggingFaceFolder.Open(folder);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        files.Fill(weights, hash);
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != digest)
        {
            throw new InvalidDataException($"model.init-from = '{folder}': its weights have SHA-256 {found}; {ModelRecipe.DigestFile} says {digest}");
        }
    }
}
