namespace Olmo.Model.Models;

/// <summary>Standard deviations of new weights; always normal, cut at three deviations.</summary>
public enum InitialisationMethod
{
    /// <summary>One deviation for every matrix.</summary>
    Normal = 0,

    /// <summary>1/sqrt(d); sublayer outputs smaller with their width and depth (OLMo 1).</summary>
    Mitchell = 1,
}
