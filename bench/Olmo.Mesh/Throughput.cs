using System.Diagnostics;
using Olmo.Actors.Collectives;

namespace Olmo.Mesh;

/// <summary>Bytes per second and processor time per byte, beside plain sockets, alternating.</summary>
internal static class Throughput
{
    private const long BytesPerRound = 512L << 20;
    private const int Rounds = 5;

    /// <summary>Prints a line per size and way.</summary>
    /// <returns>GB/s of the exchange of 1 MiB payloads with their own digest, and its ratio to plain sockets.</returns>
    public static (double Rate, double Ratio) Run(MeshSettings settings)
    {
        (double Rate, double Ratio) result = default;
        foreach (int size in new[] { 64 << 10, 1 << 20, 16 << 20 })
        {
            foreach (bool bothWays in new[] { false, true })
            {
                (Figure plain, Figure crc, Figure own) = Measure(settings, size, bothWays);
                string name = $"{(bothWays ? "exchange" : "one way"),-8} {size >> 10,6} KiB";
                Console.WriteLine(
                    $"{name}: plain {plain}, mesh {own} ({own.Rate / plain.Rate:0.00} of plain), mesh with checksum {crc} ({crc.Rate / plain.Rate:0.00} of plain)");
                if (bothWays && size == 1 << 20)
                {
                    result = (own.Rate, own.Rate / plain.Rate);
                }
            }
        }

        return result;
    }

    private static (Figure Plain, Figure Crc, Figure Own) Measure(MeshSettings settings, int size, bool bothWays)
    {
        using PlainSockets plain = new(settings.SocketBufferBytes);
        using MeshSet set = new(2, settings);
        CountingHandler[] handlers = [new(), new()];
        IMesh[] meshes = set.Open(i => handlers[i]);
        byte[] payload = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        payload.AsSpan().Fill(0x5a);
        int messages = (int)Math.Max(4, BytesPerRound / size / (bothWays ? 2 : 1));
        List<Figure>[] figures = [[], [], []];
        for (int round = -1; round < Rounds; round++)
        {
            Figure[] now =
            [
                Figure.Of(() => plain.Move(payload, messages, bothWays), (long)size * messages * (bothWays ? 2 : 1)),
                Figure.Of(() => Move(meshes, handlers, payload, messages, bothWays, PayloadCheck.Crc), (long)size * messages * (bothWays ? 2 : 1)),
                Figure.Of(() => Move(meshes, handlers, payload, messages, bothWays, PayloadCheck.Own), (long)size * messages * (bothWays ? 2 : 1)),
            ];
            for (int i = 0; i < now.Length && round >= 0; i++)
            {
                figures[i].Add(now[i]);
            }
        }

        foreach (IMesh mesh in meshes)
        {
            mesh.Dispose();
        }

        return (Figure.Median(figures[0]), Figure.Median(figures[1]), Figure.Median(figures[2]));
    }

    private static void Move(IMesh[] meshes, CountingHandler[] handlers, byte[] payload, int messages, bool bothWays, PayloadCheck check)
    {
        handlers[1].Expect(messages);
        handlers[0].Expect(messages);
        MeshSet.Parallel(bothWays ? 2 : 1, i =>
        {
            for (int m = 0; m < messages; m++)
            {
                meshes[i].Post(1 - i, 1, [], payload, check);
            }
        });
        handlers[1].Wait();
        if (bothWays)
        {
            handlers[0].Wait();
        }
    }

    /// <summary>GB/s, and processor seconds per GB of the whole process.</summary>
    private readonly record struct Figure(double Rate, double Cpu)
    {
        public static Figure Of(Action action, long bytes)
        {
            using Process process = Process.GetCurrentProcess();
            TimeSpan cpu = process.TotalProcessorTime;
            long start = TimeProvider.System.GetTimestamp();
            action();
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            process.Refresh();
            return new Figure(bytes / seconds / 1e9, (process.TotalProcessorTime - cpu).TotalSeconds / (bytes / 1e9));
        }

        public static Figure Median(List<Figure> figures) =>
            new(figures.Select(f => f.Rate).Order().ElementAt(figures.Count / 2), figures.Select(f => f.Cpu).Order().ElementAt(figures.Count / 2));

        public override string ToString() => $"{Rate:0.00} GB/s {Cpu:0.00} cpu-s/GB";
    }
}
