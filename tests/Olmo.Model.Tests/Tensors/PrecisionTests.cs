using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;
using Olmo.Model.Tests.State;
using Olmo.Model.Tests.Steps;

namespace Olmo.Model.Tests.Tensors;

public sealed class PrecisionTests : IDisposable
{
    private static readonly Precision Mixed = new(DType.F32, DType.F16, DType.I64);
    private readonly ComputePool _pool = new(1);
    private readonly CpuProvider _provider;

    public PrecisionTests() => _provider = new CpuProvider(_pool, SimdWidths.Best);

    public void Dispose()
    {
        _provider.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(DType.F32, DType.F32, DType.I64, null)]
    [InlineData(DType.F32, DType.BF16, DType.I64, null)]
    [InlineData(DType.BF16, DType.BF16, DType.F32, null)]
    [InlineData(DType.F32, DType.F16, DType.BF16, null)]
    [InlineData(DType.I32, DType.F32, DType.I64, "Master")]
    [InlineData(DType.BF16, DType.F32, DType.I64, "Master")]
    [InlineData(DType.BF16, DType.F16, DType.I64, "Master")]
    [InlineData(DType.F32, DType.F64, DType.I64, "Compute")]
    [InlineData(DType.F32, DType.F32, DType.F16, "Reduce")]
    public void Validate_TypesThatCannotPlayTheirPart_NamesThePart(DType master, DType compute, DType reduce, string? wrong)
    {
        Precision precision = new(master, compute, reduce);
        ArgumentException? error = (ArgumentException?)Record.Exception(precision.Validate);
        Assert.Equal(wrong, error?.ParamName);
    }

    [Fact]
    public void Weights_TypesThatTheDeviceDoesNotOffer_AreRefusedByNameBeforeAnyMemoryIsTaken()
    {
        ParameterList parameters = new(TinyModels.Config("olmo2"), name => name.EndsWith("down_proj.weight", StringComparison.Ordinal) ? Mixed : Precision.Single);
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => new ResidentWeights(_provider, parameters));
        Assert.Contains("'model.layers.0.mlp.down_proj.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains("master F32, compute F16, reduce I64", error.Message, StringComparison.Ordinal);
        Assert.Contains("which has master F32, compute F32, reduce I64; master F32, compute BF16, reduce I64.", error.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => new PackedParameters(_provider, parameters.Layout(3)));
    }

    [Fact]
    public void LayoutHash_MasterOrReduceTypeOfOneTensor_IsAnotherAndComputeTypeIsNot()
    {
        OlmoConfig config = TinyModels.Config("olmo2");
        string Of(Precision head) => new ParameterList(config, name => name == "lm_head.weight" ? head : Precision.Single).Layout(4).Hash;
        string single = new ParameterList(config).Layout(4).Hash;
        Assert.Equal([single, single], [Of(Precision.Single), Of(Precision.BFloat16)]);
        string[] others = [single, Of(new Precision(DType.BF16, DType.BF16, DType.I64)), Of(Precision.Single with { Reduce = DType.F32 }), Of(Precision.BFloat16 with { Reduce = DType.BF16 })];
        Assert.Equal(others.Length, new HashSet<string>(others, StringComparer.Ordinal).Count);
    }

    [Fact]
    public void Settings_FirstPatternThatMatches_DecidesAndMustAgreeWithTheTensors()
    {
        StepSettings settings = new()
        {
            Groups = 2,
            SequencesPerGroup = 1,
            SequenceLength = 8,
            MicroBatchSequences = 1,
            Shards = 4,
            Replicas = 1,
            Optimizer = new AdamWSettings(1e-2),
            Schedule = new ConstantSchedule(),
            GroupOverrides = [],
            PrecisionOverrides = [("n*", Mixed), ("*", Precision.Single)],
        };
        Assert.Equal((Mixed, Precision.Single), (settings.PrecisionOf("norm"), settings.PrecisionOf("up")));
        settings.Validate();
        Assert.Throws<ArgumentException>(() => (settings with { PrecisionOverrides = [("x", new Precision(DType.I64, DType.F32, DType.I64))] }).Validate());
        using ToyProgram program = new(_provider, 4);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        ArgumentException error = Assert.Throws<ArgumentException>(() => RankStep.Alone(settings, program, state));
        Assert.Contains("'norm'", error.Message, StringComparison.Ordinal);
        using RankStep agrees = RankStep.Alone(settings with { PrecisionOverrides = [] }, program, state);
    }
}
