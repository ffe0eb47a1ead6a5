namespace Olmo.Actors.Collectives;

/// <summary>Who protects the payload of a message against flipped bits.</summary>
public enum PayloadCheck
{
    /// <summary>The mesh: <see cref="PayloadChecksum"/>; a difference is <see cref="MeshErrorKind.Corruption"/>.</summary>
    Crc = 0,

    /// <summary>The payload's reader: it carries a digest of its own, as frames of sums do. Its header is still protected by the mesh.</summary>
    Own = 1,
}
