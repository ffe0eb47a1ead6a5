namespace Olmo.Actors.ObjectStorage;

/// <summary>Reads objects of a store. Every method may be called from any thread.</summary>
public interface IObjectReader
{
    /// <summary>Opens an object for reading with seeks (ranged gets). The caller disposes it.</summary>
    /// <exception cref="FileNotFoundException">There is no object of that name.</exception>
    Stream OpenRead(string name);

    /// <summary>Length in bytes, or null where there is no object of that name.</summary>
    long? LengthOf(string name);
}
