using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

// The model learns what attention is for: in sequences whose second half repeats a random first half, the second half can be copied and the first cannot be guessed.
const int Vocabulary = 64;
const int Half = 16;
const int Length = 2 * Half;
const int Groups = 4;
const int SequencesPerGroup = 16;
const int MaxSteps = 3000;
const int EvaluateEvery = 100;
const int EvaluationSequences = 64;

OlmoConfig config = new()
{
    Family = ModelFamily.Olmo2, Width = 64, Layers = 2, Heads = 4, KeyHeads = 4, HeadWidth = 16, FeedForward = 128, Vocabulary = Vocabulary, ContextLength = Length, RopeTheta = 10_000,
};
StepSettings settings = new()
{
    Groups = Groups, SequencesPerGroup = SequencesPerGroup, SequenceLength = Length, MicroBatchSequences = SequencesPerGroup, Shards = 4, Replicas = 1,
    Optimizer = new AdamWSettings(3e-3), Schedule = new ConstantSchedule(50),
};
using ComputePool pool = new(1);
SimdWidth width = SimdWidths.Best;
using CpuProvider provider = new(pool, width);
using ResidentWeights weights = new(provider, new ParameterList(config));
Initialisation.Draw(weights, 1);
using PretrainProgram program = new(provider, weights, settings);
using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
using RankStep step = RankStep.Alone(settings, program, state);
using OlmoModel evaluator = new(provider, weights.Parameters, weights, EvaluationSequences, Length, GradientStorage.None);
GroupBatch[] batches = [.. Enumerable.Range(0, Groups).Select(g => new GroupBatch(SequencesPerGroup, Length) { Group = g })];
GroupBatch unseen = new(EvaluationSequences, Length);
float[] losses = new float[unseen.Tokens];
double uniform = Elementary.Log((double)Vocabulary);
double first = double.NaN;
double second = double.NaN;
for (long n = 1; n <= MaxSteps; n++)
{
    foreach (GroupBatch batch in batches)
    {
        Fill(batch, new RandomStream((ulong)n, $"train-{batch.Group}"));
    }

    step.Begin(new StepIdentity("induction", 0, 1, n, 0), batches.Sum(b => b.CountLabels()));
    foreach (GroupBatch batch in batches)
    {
        if (!step.RunGroup(batch, CancellationToken.None))
        {
            Console.WriteLine($"step {n}: group {batch.Group} was not added to the sums");
            return 1;
        }
    }

    StepDecision decision = step.Decide(step.Announce());
    if (decision.Outcome is not StepOutcome.Apply)
    {
        Console.WriteLine($"step {n} was not applied: {decision.Outcome}");
        return 1;
    }

    StepReport report = step.Finish(decision);
    if (n % EvaluateEvery == 0)
    {
        Fill(unseen, new RandomStream((ulong)n, "unseen"));
        evaluator.BeginGroup();
        evaluator.Evaluate<float>(new MicroBatch(unseen.Ids, Length, unseen.Labels), losses);
        first = Mean(0, Half - 1);
        second = Mean(Half, Length - 1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {n}: training loss {report.CrossEntropy:0.000}, unseen: first half {first:0.000}, second half {second:0.000}"));
        if (second < 0.1 && Math.Abs(first - uniform) < 0.1)
        {
            break;
        }
    }
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"second half {second:0.000} nat (< 0.1), first half {first:0.000} nat (ln V = {uniform:0.000})"));
return second < 0.1 && Math.Abs(first - uniform) < 0.1 ? 0 : 1;

// Position t predicts t + 1: labels Half - 1 and later are repeats, and from Half on the model has seen the token before; the label at Half - 1 opens the copy and is left out.
double Mean(int from, int to)
{
    double sum = 0;
    for (int s = 0; s < EvaluationSequences; s++)
    {
        for (int t = from; t < to; t++)
        {
            sum += losses[(s * Length) + t];
        }
    }

    return sum / (EvaluationSequences * (double)(to - from));
}

static void Fill(GroupBatch batch, RandomStream random)
{
    ulong at = 0;
    for (int s = 0; s < batch.Sequences; s++)
    {
        for (int t = 0; t < Half; t++)
        {
            int id = (int)random.Below(Vocabulary, at++);
            batch.Ids[(s * Length) + t] = id;
            batch.Ids[(s * Length) + Half + t] = id;
        }
    }

    batch.ShiftLabels();
}
