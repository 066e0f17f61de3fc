"""Fine-tunes the last layer of an encoder and the head: a job of `workers/job.py`. Imports no app.

The request: ids, labels, the file with the weights, the head, settings. The last event holds the tuned
layer.

What is done is fastai's gradual unfreezing. Its first stage, the head alone, is the fit that the request
brings. Here follows the second: the head and the last layer, whose rate is the head's divided by 2.6
(Howard and Ruder 2018), on the one-cycle schedule of `fit_one_cycle`. The head keeps its penalty. Below
the last layer nothing changes, so what it reads is computed once.
"""

from __future__ import annotations

import base64
import math


class Adam:
    """AdamW on the one-cycle schedule of fastai's `fit_one_cycle`, gradients clipped to norm 1.

    torch's own optimizers import its compiler, which takes ten seconds and wants to write a file.
    """

    def __init__(self, params, rates, steps, betas=(0.8, 0.99), decay=0.01, eps=1e-5):
        import torch

        self.params, self.rates, self.steps = params, rates, steps
        self.betas, self.decay, self.eps, self.t = betas, decay, eps, 0
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]

    def share(self) -> float:
        """Of the highest rate at this step: by a cosine from 1/25 up over a quarter, then down to 0."""
        at = (self.t - 1) / max(1, self.steps - 1)
        up = at < 0.25
        start, end, at = (1 / 25, 1.0, at / 0.25) if up else (1.0, 1e-5, (at - 0.25) / 0.75)
        return end + (start - end) * (1 + math.cos(math.pi * at)) / 2

    def step(self) -> None:
        """One update from the gradients, which are cleared."""
        import torch

        self.t += 1
        share, (b1, b2) = self.share(), self.betas
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        with torch.no_grad():
            for p, rate, (m, v) in zip(self.params, self.rates, self.moments, strict=True):
                m.lerp_(p.grad, 1 - b1)
                v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                p.mul_(1 - share * rate * self.decay)
                scale = (v / (1 - b2**self.t)).sqrt_().add_(self.eps)
                p.addcdiv_(m, scale, value=-share * rate / (1 - b1**self.t))
                p.grad = None


def train(
    documents,
    labels,
    held,
    weights,
    kind,
    prompt,
    names,
    norm,
    head,
    penalty,
    epochs,
    lr,
    factor,
    bs,
    drop,
    seed,
    tell,
) -> None:
    """Train on the documents that are not `held` and tell what each epoch changes on those that are."""
    import torch
    import torch.nn.functional as F
    from safetensors import safe_open

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    with safe_open(weights, "pt") as f:
        keys = [k for k in list(f.keys()) if k.startswith("body.rnns.")]
        n_layers = 1 + max(int(k.split(".")[2]) for k in keys)
        table = f.get_tensor("body.encoder.weight")
        layers = []
        for i in range(n_layers):
            own = {k: f.get_tensor(f"body.rnns.{i}.{k}").float() for k in names}
            n_hid, n_in = own["weight_hh_l0"].shape[1], own["weight_ih_l0"].shape[1]
            layer = torch.nn.LSTM(n_in, n_hid, batch_first=True)
            layer.load_state_dict(own)
            layers.append(layer)
    last = layers[-1]
    whole = [d + prompt for d in documents]
    lengths = torch.tensor([len(d) for d in documents])
    y = torch.tensor(labels)
    below = []  # what the last layer reads of each document: [length, n_in]
    with torch.no_grad():
        for d in whole:
            x = table[torch.tensor(d)].float()[None]
            for layer in layers[:-1]:
                x, _ = layer(x)
            below.append(x[0])
    mean, scale = (torch.tensor(norm[k]) for k in ("mean", "scale"))
    weight = torch.tensor(head["weight"], requires_grad=True)
    bias = torch.tensor(head["bias"], requires_grad=True)

    def logits(which: list[int]) -> torch.Tensor:
        x = torch.nn.utils.rnn.pad_sequence([below[i] for i in which], batch_first=True)
        states, _ = last(x)
        n = lengths[which]
        inside = (torch.arange(states.shape[1])[None] < n[:, None])[..., None]
        end = states[torch.arange(len(which)), n + len(prompt) - 1]
        average = states.masked_fill(~inside, 0).sum(1) / n[:, None]
        if kind == "lm":
            found = torch.cat([end, average], 1)
        else:
            found = torch.cat([end, states.masked_fill(~inside, -torch.inf).amax(1), average], 1)
        z = F.dropout((found - mean) / scale, drop, last.training)
        return z @ weight.T + bias

    def measure(name: str, step: int) -> None:
        last.eval()
        with torch.no_grad():
            probs = logits(held).softmax(-1) if held else torch.zeros(0, 1)
        said = probs.argmax(-1).tolist() if held else []
        right = sum(a == labels[i] for a, i in zip(said, held, strict=True))
        tell("epoch", name=name, step=step, right=right, held=len(held), said=said)
        last.train()

    kept = set(held)
    train_on = [i for i in range(len(documents)) if i not in kept]
    counts = torch.bincount(y[train_on], minlength=len(head["bias"])).float().clamp(min=1)
    balance = len(train_on) / (len(counts) * counts)
    batches = math.ceil(len(train_on) / bs)
    total = epochs * batches
    tell("ready", train=len(train_on), held=len(held), steps=total)
    measure("the head alone", 0)
    step = 0
    deep = list(last.parameters())
    adam = Adam([weight, bias, *deep], [lr] * 2 + [lr / factor] * len(deep), total)
    for epoch in range(epochs):
        order = [train_on[i] for i in torch.randperm(len(train_on)).tolist()]
        for k in range(0, len(order), bs):
            which = order[k : k + bs]
            loss = F.cross_entropy(logits(which), y[which], weight=balance)
            if not math.isfinite(loss.item()):
                tell("refused", reason="diverged")
                return
            (loss + penalty * (weight * weight).sum() / len(train_on)).backward()
            adam.step()
            step += 1
            tell("progress", step=step, loss=loss.item())
        measure(f"epoch {epoch + 1}", step)
    told = {
        k: {"shape": list(t.shape), "fp16": base64.b64encode(t.half().numpy().tobytes()).decode()}
        for k, t in last.state_dict().items()
    }
    tell("done", layer=told)
