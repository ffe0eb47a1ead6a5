namespace Olmo.Actors.Drills;

/// <summary>What a fault of a drill does. In a recipe each is named in kebab case: <c>flip-transfer</c>.</summary>
public enum DrillAct
{
    /// <summary>The process kills itself by SIGKILL.</summary>
    Kill = 1,

    /// <summary>The process stops itself by SIGSTOP; who wants it to go on sends SIGCONT.</summary>
    Freeze = 2,

    /// <summary>The thread that passes the moment waits for ever.</summary>
    Hang = 3,

    /// <summary>The thread waits: with a duration that long at the moment, else so long that each stretch of computing takes factor times as long.</summary>
    Slow = 4,

    /// <summary>The thread that passes the moment throws <see cref="DrillException"/>.</summary>
    Throw = 5,

    /// <summary>A group's loss and gradient are not a number; its step is the number of the batch.</summary>
    Nan = 6,

    /// <summary>A group's loss and gradient are multiplied by factor; its step is the number of the batch.</summary>
    Spike = 7,

    /// <summary>A bit of an owner's sum changes after the reduction.</summary>
    FlipSum = 8,

    /// <summary>A bit of a group's gradient is computed wrong, before it is added or sent.</summary>
    FlipGradient = 9,

    /// <summary>A bit of a block of state that a donor sends changes after its checksum was taken.</summary>
    FlipTransfer = 10,

    /// <summary>A bit of a shard file changes on its way to the disk, after its digest was taken.</summary>
    FlipShard = 11,

    /// <summary>A write of a checkpoint's file fails as on a full device.</summary>
    DiskFull = 12,

    /// <summary>Links of the process go silent at the moment, in both directions, without being closed.</summary>
    LoseLink = 13,

    /// <summary>A rank's process computes its self-test wrong.</summary>
    FailSelfTest = 14,
}
