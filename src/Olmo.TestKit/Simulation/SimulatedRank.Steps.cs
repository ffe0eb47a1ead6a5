using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <content>Working parameters, forward and backward.</content>
internal sealed partial class SimulatedRank
{
    private readonly ulong[] _runValues;
    private readonly ulong[] _singleValues;
    private GroupMask _run;
    private GroupMask _computed;
    private long _runStep;
    private ImmutableArray<int> _singles = [];
    private GroupMask _singlesComputed;
    private int _computing = -1;
    private int _epoch;

    /// <summary>Groups of the step after <see cref="ParameterStep"/> whose gradients the local accumulator holds.</summary>
    public GroupMask ComputedOf(long step) => RetainsRunRegardless && _runStep == step ? _computed : default;

    private bool RetainsRunRegardless => ParameterStep >= 0 && ParameterStep == _runStep - 1;

    // Without rule 3 the accumulator is given up as soon as it has been sent.
    private bool RetainsRun => RetainsRunRegardless && (_rules.Retain || _computed != _run);

    private void PushParameters(int shard, SimulatedShard held)
    {
        if (!MayAct)
        {
            return;
        }

        (int first, int end) = _world.RanksOf(_replica);
        SimulationEvent item = new() { Kind = SimulationEventKind.Parameters, Generation = _standing.Generation, Step = held.Step, Place = shard, Value = QuietRun.PartOf(shard, held.Digest) };
        for (int position = first; position < end; position++)
        {
            if (Plan!.Members[position] != Id)
            {
                _history.Send(SimulationEventKind.Parameters, Id, Plan.Members[position], item);
            }
        }

        OnParameters(item);
    }

    private void OnParameters(in SimulationEvent item)
    {
        if (item.Generation > _standing.Generation)
        {
            _early.Add(item);
            return;
        }

        if (item.Generation < _standing.Generation || !MayAct || item.Step <= _parameterSteps[item.Place])
        {
            return;
        }

        _parameterSteps[item.Place] = item.Step;
        _parameterParts[item.Place] = item.Value;
        long whole = ParameterStep;
        if (whole < Plan!.StateStep)
        {
            return;
        }

        if (whole + 1 != _runStep)
        {
            _runStep = whole + 1;
            _run = WorldDuties.RunOf(Plan, _world, _runStep, Plan.PositionOf(Id));
            ClearRun();
            _singles = [];
            _singlesComputed = default;
        }

        Continue();
        _history.NoteProgress(this);
    }

    private void TakeParameters()
    {
        if (!RankRules.MustGather(Plan!, ParameterStep))
        {
            return;
        }

        if (_rules.GatherAnew || Array.TrueForAll(_parameterSteps, s => s < 0) || Plan!.Source != StateSource.Survivors)
        {
            Array.Fill(_parameterSteps, -1);
        }
        else
        {
            // Without rule 15 whatever the aborted gather left is taken for parameters of m.
            Array.Fill(_parameterSteps, Plan.StateStep);
        }

        ClearRun();
    }

    private void TakeDeal(MemberDeal deal)
    {
        bool keeps = _runStep == Plan!.StateStep + 1 && ParameterStep == Plan.StateStep && RankRules.KeepsRun(deal, _run, _rules);
        _runStep = Plan.StateStep + 1;
        if (!keeps)
        {
            _run = deal.Run;
            ClearRun();
        }

        _singles = deal.Singles;
        _singlesComputed = default;
    }

    private void ClearRun()
    {
        Array.Clear(_runValues);
        _computed = default;
        _computing = -1;
        _epoch++;
    }

    private void GiveUpSingles()
    {
        if (_computing >= 0 && !_run.Contains(_computing))
        {
            _computing = -1;
            _epoch++;
        }

        _singles = [];
        _singlesComputed = default;
    }

    // Forward and backward of the run go on whether or not there is a plan.
    private void Continue()
    {
        if (_computing >= 0 || _runStep > _shape.Steps || ParameterStep != _runStep - 1)
        {
            return;
        }

        _computing = Next();
        if (_computing >= 0)
        {
            _history.After(_history.Random.Between(5, 30), SimulationEventKind.ComputeDone, Id, new SimulationEvent { Place = _computing, Number = _epoch });
        }
    }

    private int Next()
    {
        foreach (int group in _run.Except(_computed).Groups)
        {
            return group;
        }

        foreach (int group in _singles)
        {
            if (!_singlesComputed.Contains(group))
            {
                return group;
            }
        }

        return -1;
    }

    private void OnComputed(in SimulationEvent item)
    {
        if (item.Number != _epoch || _computing != item.Place)
        {
            return;
        }

        int group = item.Place;
        _computing = -1;
        ulong parameters = 0;
        foreach (ulong part in _parameterParts)
        {
            parameters += part;
        }

        bool inRun = _run.Contains(group);
        for (int range = 0; range < _runValues.Length; range++)
        {
            ulong gradient = QuietRun.Gradient(_runStep, range, group, parameters);
            if (inRun)
            {
                _runValues[range] += gradient;
            }
            else
            {
                _singleValues[(group * _runValues.Length) + range] = gradient;
            }
        }

        if (inRun)
        {
            _computed |= GroupMask.Of(group);
        }
        else
        {
            _singlesComputed |= GroupMask.Of(group);
        }

        SendAtoms(group);
        Continue();
    }

    // Sends what is whole: the atoms that hold the group, or all of them for -1.
    private void SendAtoms(int group)
    {
        if (!MayAct || _runStep <= Plan!.StateStep)
        {
            return;
        }

        if (_runStep > Plan.StateStep + 1)
        {
            if (_computed == _run && !_run.IsEmpty)
            {
                for (int range = 0; range < _runValues.Length; range++)
                {
                    SendContribution(range, new SimulatedSum(_run, _runValues[range], _run.Count));
                }
            }

            return;
        }

        for (int range = 0; range < _runValues.Length; range++)
        {
            foreach (Atom atom in Plan.RangeAt(range).Use)
            {
                if (atom.Rank != Id || (group >= 0 && !atom.Groups.Contains(group)))
                {
                    continue;
                }

                if (atom.Groups == _run ? _computed == _run : atom.Groups.IsSubsetOf(_singlesComputed))
                {
                    SendContribution(range, new SimulatedSum(atom.Groups, ValueOf(atom.Groups, range), atom.Groups.Count));
                }
            }
        }
    }

    private ulong ValueOf(GroupMask groups, int range)
    {
        if (groups == _run)
        {
            return _runValues[range];
        }

        ulong value = 0;
        foreach (int group in groups.Groups)
        {
            value += _singleValues[(group * _runValues.Length) + range];
        }

        return value;
    }

    private void SendContribution(int range, in SimulatedSum sum) =>
        SendFrame(OwnerOf(_replica, range / SimulationShape.RangesPerShard), SumRoute.Contribution, _runStep, range, sum);
}
