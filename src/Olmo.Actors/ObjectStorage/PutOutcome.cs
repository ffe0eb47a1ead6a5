namespace Olmo.Actors.ObjectStorage;

/// <summary>What a put-if-absent found.</summary>
public enum PutOutcome
{
    /// <summary>The object was written by this call.</summary>
    Written = 1,

    /// <summary>An object of that name stood there already and was left alone.</summary>
    AlreadyThere = 2,
}
