#!/usr/bin/env python3
"""What bf16 costs PyTorch's gradients: models of the reference data by transformers, on one device, against the reference's fp64. The same figures of ours: `Olmo.Gpu check --golden`.

Two ways of using bf16: autocast over fp32 parameters ("autocast": residuals and norms stay fp32), and the whole model in bf16 ("whole": activations are stored in it, as in OLMo-core's mixed precision
and here). Errors are ‖x - reference‖ / ‖reference‖ of logits, of the tokens' cross-entropies, of all gradients as one vector, and of the worst tensor's; a tensor below a five-hundredth of the whole
gradient counts as that much.

    python3 bench/peer_gpu_gradients.py ../shared/data/golden/models [--device cuda]
"""
import argparse
import json
import math
import os

LEAST_SHARE = 2e-3
Z_LOSS = 1e-5


def relative(actual, expected, least=0.0):
    return float((actual.double() - expected.double()).norm() / max(float(expected.double().norm()), least))


def errors(folder, way, device):
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    facts = json.load(open(os.path.join(folder, "cases.json")))["gradient"]
    cases = load_file(os.path.join(folder, "cases.safetensors"))
    expected = load_file(os.path.join(folder, "grads.safetensors"))
    case = facts["case"]
    ids = cases[f"{case}.input_ids"].long().to(device)
    labels = cases[f"{case}.labels"].long().to(device)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").to(device).train()
    if way == "whole":
        # from_pretrained's way: the inverse frequencies of RoPE stay fp32.
        kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
        model = model.to(torch.bfloat16)
        for name, buffer in kept.items():
            owner = model.get_submodule(name.rpartition(".")[0])
            owner._buffers[name.rpartition(".")[2]] = buffer
    with torch.autocast(device.split(":")[0], dtype=torch.bfloat16, enabled=way == "autocast"):
        logits = model(input_ids=ids, use_cache=False).logits
    logits = logits.float()
    tokens = F.cross_entropy(logits.view(-1, logits.shape[-1]), labels.view(-1), ignore_index=-100, reduction="none")
    counted = labels.view(-1) != -100
    z = torch.logsumexp(logits, -1).view(-1)[counted].square().sum()
    ((tokens.sum() + Z_LOSS * z) / counted.sum()).backward()

    gradients = {name: p.grad.float().cpu() for name, p in model.named_parameters()}
    norm = math.sqrt(sum(float(expected[n].double().square().sum()) for n in expected))
    apart = math.sqrt(sum(float((gradients[n].double() - expected[n].double()).square().sum()) for n in expected))
    worst, which = max((relative(gradients[n], expected[n], LEAST_SHARE * norm), n) for n in expected)
    wanted = cases[f"{case}.logits_f64"].view_as(logits.cpu())
    return relative(logits.detach().cpu(), wanted), relative(tokens.detach().cpu(), cases[f"{case}.token_ce_f64"].view(-1)), apart / norm, worst, which


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", help="folder of the reference data's models")
    p.add_argument("--device", default="cuda")
    a = p.parse_args()
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    on = torch.cuda.get_device_name() if a.device.startswith("cuda") else a.device
    print(f"peer gradients: PyTorch {torch.__version__}, transformers {transformers.__version__}, on {on}")
    print(f"{'model':26}{'bf16':>10}{'logits':>10}{'loss':>10}{'gradients':>11}{'worst tensor':>14}  which")
    for name in sorted(os.listdir(a.models)):
        folder = os.path.join(a.models, name)
        if not os.path.exists(os.path.join(folder, "config.json")):
            continue
        for way in ("autocast", "whole"):
            try:
                logits, loss, gradients, worst, which = errors(folder, way, a.device)
            except Exception as e:  # one model that this version of the library refuses is a row, not the end
                print(f"{name:26}{way:>10}  {type(e).__name__}: {e}", flush=True)
                continue
            print(f"{name:26}{way:>10}{logits:10.1e}{loss:10.1e}{gradients:11.1e}{worst:14.1e}  {which.replace('model.', '').replace('.weight', '')}", flush=True)


if __name__ == "__main__":
    main()
