#!/usr/bin/env python3
"""Training steps of transformers' Olmo2ForCausalLM on one GPU: the peer of `Olmo.Gpu measure`.

What it does, as most would: fp32 parameters and AdamW state, bf16 autocast, scaled_dot_product_attention, fused AdamW (0.9, 0.95, 1e-8, decay 0.1), gradients clipped at norm 1, as many
micro-batches as make up the same tokens a step, cross-entropy of fp32 logits divided by the labels of the step; with --recompute blocks are checkpointed. In its favour: no z-loss, no exact sums, no digests, and products in tf32 where they
are not in bf16. Once eager and once with torch.compile (--compile model|layers). Each runs in a process of its own, which is ended when its part of --seconds is over: steps that were done by then
count. Where memory does not suffice the next smaller micro-batch is tried.

    python3 bench/peer_gpu_step.py --config hocon/models/olmo2-1b.conf --tokens-of 4x4 --micro-batch 4,2,1 --seconds 240

Prints what torch's own square product and copy reach, then `peer eager: ...` and `peer compiled: ...`. Exit code 3: there is no CUDA device for torch.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time

OUT_OF_MEMORY = 9


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--config", default="hocon/models/olmo2-1b.conf")
    p.add_argument("--sequence", type=int, default=0, help="tokens of a sequence; 0: as in the configuration")
    p.add_argument("--layers", type=int, default=0, help="0: as in the configuration")
    p.add_argument("--tokens-of", default="4x4", help="groups x sequences of a step")
    p.add_argument("--micro-batch", default="4,2,1", help="sequences of a pass, tried in this order")
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--seconds", type=float, default=240, help="for everything")
    p.add_argument("--variants", default="eager,compiled")
    p.add_argument("--compile", default="model", choices=["model", "layers"])
    p.add_argument("--recompute", action="store_true", help="blocks are computed again in the backward pass (gradient checkpointing)")
    p.add_argument("--device", default="cuda")
    p.add_argument("--run", help=argparse.SUPPRESS)
    return p.parse_args()


def read_config(path):
    keys = {}
    with open(path) as file:
        for line in file:
            name, equals, value = line.split("#")[0].partition("=")
            if equals:
                keys[name.strip()] = value.strip()
    return keys


def model_of(a, torch):
    from transformers import Olmo2Config, Olmo2ForCausalLM, __version__

    keys = read_config(a.config)
    theta = float(keys["rope-theta"])
    rope = dict(rope_theta=theta) if int(__version__.split(".")[0]) < 5 else dict(rope_parameters=dict(rope_type="default", rope_theta=theta))
    length = a.sequence or int(keys["batch.sequence-length"])
    config = Olmo2Config(
        vocab_size=int(keys["vocabulary"]), hidden_size=int(keys["width"]), intermediate_size=int(keys["ffn"]),
        num_hidden_layers=a.layers or int(keys["layers"]), num_attention_heads=int(keys["heads"]), num_key_value_heads=int(keys["kv-heads"]) if "kv-heads" in keys else None,
        max_position_embeddings=length, rms_norm_eps=float(keys["norm-epsilon"]), tie_word_embeddings=keys.get("tied") == "true", use_cache=False,
        pad_token_id=None, eos_token_id=None, **rope)
    config._attn_implementation = "sdpa"
    with torch.device(a.device):
        model = Olmo2ForCausalLM(config)
    return model.float().train(), length


def run(a, variant, micro):
    """Runs steps; prints a line of JSON for each."""
    import torch
    import torch.nn.functional as F

    torch.set_float32_matmul_precision("high")
    torch.manual_seed(0)
    on_gpu = a.device.startswith("cuda")
    wait = torch.cuda.synchronize if on_gpu else lambda: None
    model, length = model_of(a, torch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, fused=on_gpu)
    groups, sequences = (int(n) for n in a.tokens_of.split("x"))
    vocabulary = model.config.vocab_size
    ids = torch.randint(0, vocabulary, (groups * sequences, length), device=a.device)
    labels = torch.cat((ids[:, 1:], torch.full_like(ids[:, :1], -100)), 1)
    count = groups * sequences * (length - 1)

    def loss_of(part, expected):
        with torch.autocast(a.device.split(":")[0], dtype=torch.bfloat16):
            logits = model(input_ids=part, use_cache=False).logits
        return cross_entropy(logits, expected)

    def cross_entropy(logits, expected):
        return F.cross_entropy(logits.float().view(-1, vocabulary), expected.reshape(-1), ignore_index=-100, reduction="sum") / count

    if a.recompute:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
    if variant == "compiled" and a.compile == "layers":
        for layer in model.model.layers:
            layer.compile(dynamic=False)
        cross_entropy = torch.compile(cross_entropy, dynamic=False)
    forward = torch.compile(loss_of, dynamic=False) if variant == "compiled" and a.compile == "model" else loss_of
    try:
        for step in range(1 + a.steps):
            wait()
            started = time.perf_counter()
            total = 0.0
            for first in range(0, groups * sequences, micro):
                loss = forward(ids[first:first + micro], labels[first:first + micro])
                loss.backward()
                total += loss.detach()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            wait()
            seconds = time.perf_counter() - started
            free, whole = torch.cuda.mem_get_info() if on_gpu else (0, 0)
            print(json.dumps(dict(
                step=step, seconds=seconds, loss=float(total), tokens=groups * sequences * length, used=whole - free,
                allocated=torch.cuda.max_memory_allocated() if on_gpu else 0, parameters=sum(p.numel() for p in model.parameters()))), flush=True)
    except torch.OutOfMemoryError:
        sys.exit(OUT_OF_MEMORY)


def ceilings(a):
    """torch's own square product and copy, as Olmo.Gpu measures its own: medians over rounds."""
    import torch

    def seconds_of(call, calls):
        call()
        rounds = []
        for _ in range(5):
            torch.cuda.synchronize()
            started = time.perf_counter()
            for _ in range(calls):
                call()
            torch.cuda.synchronize()
            rounds.append((time.perf_counter() - started) / calls)
        return statistics.median(rounds)

    x, y = (torch.randn(8192, 8192, device=a.device, dtype=torch.bfloat16) for _ in range(2))
    product = 2 * 8192 ** 3 / seconds_of(lambda: x @ y, 15)
    source = torch.randn(1 << 29, device=a.device)
    target = torch.empty_like(source)
    copied = 2 * 4 * source.numel() / seconds_of(lambda: target.copy_(source), 10)
    print(f"peer ceilings: {torch.__version__} on {torch.cuda.get_device_name()}, square product {product / 1e12:.1f} TFLOP/s (8192³), copy {copied / 1e9:.0f} GB/s read and written", flush=True)


def supervise(a, variant, deadline):
    """Starts a process for each micro-batch until one has the memory; says what came out."""
    for micro in a.micro_batch.split(","):
        command = [sys.executable, __file__, "--run", f"{variant},{micro}"]
        for name in ("config", "sequence", "layers", "tokens_of", "steps", "compile", "device"):
            command += ["--" + name.replace("_", "-"), str(getattr(a, name))]
        command += ["--recompute"] if a.recompute else []
        # In a session of its own, as torch's compiler starts processes that would hold the pipes open.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        late = False
        try:
            out, err = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            late = True
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        if process.returncode == OUT_OF_MEMORY or (process.returncode != 0 and "out of memory" in err):
            print(f"peer {variant}: a micro-batch of {micro} does not fit", flush=True)
            continue
        steps = [json.loads(line) for line in out.splitlines() if line.startswith("{") and line.endswith("}")]
        counted = [s["seconds"] for s in steps if s["step"] > 0]
        if not counted:
            why = "no step within its time" if late else (err.strip().splitlines() or ["no output"])[-1]
            print(f"peer {variant}: none ({why})", flush=True)
            return
        seconds, last = statistics.median(counted), steps[-1]
        print(
            f"peer {variant}: {last['tokens'] / seconds:.0f} tokens/s, step {seconds * 1e3:.1f} ms (median of {len(counted)}, the first took {steps[0]['seconds']:.1f} s), micro-batch {micro}, "
            f"{last['parameters']:,} parameters, loss {steps[0]['loss']:.4f} to {last['loss']:.4f}, most allocated {last['allocated'] / 2**30:.1f} GiB, {last['used'] / 2**30:.1f} GiB in use", flush=True)
        return
    print(f"peer {variant}: none (no micro-batch fits)", flush=True)


def main():
    a = arguments()
    if a.run:
        variant, micro = a.run.split(",")
        run(a, variant, int(micro))
        return 0
    started = time.monotonic()
    if a.device.startswith("cuda"):
        probe = subprocess.run([sys.executable, "-c", "import torch; assert torch.cuda.is_available()"], capture_output=True)
        if probe.returncode != 0:
            print("peer: torch sees no CUDA device")
            return 3
        # In a process that ends: its context takes no memory from the others.
        ended = subprocess.run([sys.executable, "-c", f"import sys; sys.argv = {[__file__, '--device', a.device]!r}; import runpy; m = runpy.run_path({__file__!r}); m['ceilings'](m['arguments']())"])
        if ended.returncode != 0:
            print("peer ceilings: none")
    variants = a.variants.split(",")
    for i, variant in enumerate(variants):
        left = a.seconds - (time.monotonic() - started)
        # An eager run needs less than one that compiles first.
        supervise(a, variant, time.monotonic() + left * (0.4 if i < len(variants) - 1 else 1.0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
