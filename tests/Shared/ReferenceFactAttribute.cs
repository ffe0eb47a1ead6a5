namespace Olmo.Tests;

/// <summary>A fact that needs the reference data; skipped, with the reason, where that is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReferenceFactAttribute : FactAttribute
{
    public ReferenceFactAttribute()
    {
        if (ReferenceData.Root is null)
        {
            Skip = "Reference data is absent: put it at ../shared/data beside the checkout or name its folder in OLMO_REFERENCE_DATA.";
        }
    }
}
