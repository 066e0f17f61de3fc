"""Trains one tiny AWD-LSTM with fastai: a job of `job.py`. Imports nothing of the app."""

from __future__ import annotations

import time


def train(
    texts,
    epochs,
    emb_sz,
    n_hid,
    n_layers,
    bs,
    seq_len,
    lr,
    drop_mult,
    min_freq,
    held_out,
    seed,
    prompt,
    temperature,
    n_lines,
    n_words,
    tell,
) -> None:
    """Train on `texts` (every `held_out`-th is kept back) and tell what happens.

    The lines up to `fit_one_cycle` are those of `lessons/code/live_training.py.txt`.
    """
    import torch

    torch.set_num_threads(1)
    from fastai.text.all import (
        AWD_LSTM,
        CancelFitException,
        Datasets,
        LMDataLoader,
        Numericalize,
        Tokenizer,
        WordTokenizer,
        awd_lstm_lm_config,
        default_device,
        language_model_learner,
        set_seed,
    )

    default_device(False)  # the CPU
    set_seed(seed)
    tokenizer = Tokenizer(WordTokenizer())
    documents = [list(tokenizer(text)) for text in texts]
    kept = [i for i in range(len(documents)) if i % held_out == held_out - 1]
    read = [i for i in range(len(documents)) if i % held_out != held_out - 1]
    numericalize = Numericalize(min_freq=min_freq)
    dsets = Datasets(documents, [[numericalize]], splits=[read, kept], dl_type=LMDataLoader)
    counts = [sum(len(documents[i]) for i in part) for part in (read, kept)]
    if counts[0] < bs * seq_len or counts[1] <= bs:
        tell("refused", reason="short", tokens=counts)
        return
    dls = dsets.dataloaders(bs=bs, seq_len=seq_len)
    vocab = list(numericalize.vocab)
    unknown = vocab.index("xxunk")
    words = [i for i in range(len(vocab)) if vocab[i] not in ("xxunk", "xxpad", "xxfake")]
    if sum(not vocab[i].startswith("xx") for i in words) < 20:
        tell("refused", reason="few words", words=len(words))
        return
    config = {**awd_lstm_lm_config, "emb_sz": emb_sz, "n_hid": n_hid, "n_layers": n_layers}
    learn = language_model_learner(
        dls, AWD_LSTM, config=config, drop_mult=drop_mult, pretrained=False
    )
    steps = epochs * len(dls.train)
    beginning = list(tokenizer(prompt))
    tell(
        "ready",
        vocabulary=len(vocab),
        # weight dropout keeps the recurrent weights (`_raw`) and a thinned copy: counted once
        parameters=sum(
            p.numel()
            for name, p in learn.model.named_parameters()
            if not name.endswith(".weight_hh_l0")
        ),
        texts=[len(read), len(kept)],
        tokens=counts,
        epochs=epochs,
        steps=steps,
        unknown=[t for t in beginning if t not in vocab],
    )

    whole = {tuple(documents[i][1:]) for i in read}

    def write() -> list[dict]:
        written = lines(
            learn.model,
            [numericalize.o2i.get(t, unknown) for t in beginning],
            words,
            vocab,
            temperature,
            n_lines,
            n_words,
            seed,
        )
        return [
            {"tokens": tokens, "ended": ended, "copied": ended and tuple(tokens) in whole}
            for tokens, ended in written
        ]

    with learn.no_bar(), learn.no_logging():
        before = learn.validate()[0]
        tell("epoch", epoch=0, step=0, held_out=before, training=None, lines=write())
        callback = _reporter(tell, steps, write, CancelFitException)
        learn.fit_one_cycle(epochs, lr, cbs=callback)
    if callback.astray:
        tell("refused", reason="diverged")
        return
    tell("done", seconds=callback.trained, tokens=callback.tokens)


def _reporter(tell, steps, write, stop):
    """A callback that tells the loss about 150 times a training, and each epoch's end."""
    from fastai.callback.core import Callback

    every = max(1, steps // 150)

    class Reporter(Callback):
        order = 60  # after the Recorder

        def before_fit(self):
            self.step, self.tokens, self.trained = 0, 0, 0.0
            self.recent, self.astray = [], False

        def before_train(self):
            self.since = time.monotonic()

        def after_batch(self):
            if not self.training:
                return
            now = time.monotonic()
            self.trained += now - self.since
            self.since = now
            self.step += 1
            self.tokens += self.yb[0].numel()
            # the cross entropy alone: the regularizer adds its terms to `loss_grad`
            self.recent.append(self.loss.item())
            if self.recent[-1] != self.recent[-1]:
                self.astray = True
                raise stop
            if self.step % every == 0:
                tell(
                    "progress",
                    epoch=self.epoch + 1,
                    step=self.step,
                    loss=sum(self.recent) / len(self.recent),
                    tokens_per_second=self.tokens / self.trained,
                )
                self.recent = []

        def after_epoch(self):
            training, held_out = self.recorder.values[-1][:2]
            tell(
                "epoch",
                epoch=self.epoch + 1,
                step=self.step,
                training=training,
                held_out=held_out,
                tokens_per_second=self.tokens / self.trained,
                lines=write(),
            )

    return Reporter()


def lines(model, beginning, words, vocab, temperature, n_lines, n_words, seed) -> list[tuple]:
    """`n_lines` continuations of `beginning` (ids) up to the next `xxbos`: (tokens, whether it came).

    Drawn from the softmax at `temperature` over `words` (ids: all but unknown and padding), with
    random numbers of its own, so that writing does not change the training.
    """
    import torch

    training = model.training
    model.eval()
    model.reset()
    generator = torch.Generator().manual_seed(seed)
    allowed = torch.full((len(vocab),), float("-inf"))
    allowed[words] = 0.0
    written = [list(beginning[1:]) for _ in range(n_lines)]
    ended = [False] * n_lines
    batch = torch.tensor([beginning] * n_lines)
    with torch.no_grad():
        for _ in range(n_words):
            logits = model(batch)[0][:, -1].float() + allowed
            drawn = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
            for i, token in enumerate(drawn[:, 0].tolist()):
                ended[i] = ended[i] or vocab[token] == "xxbos"
                if not ended[i]:
                    written[i].append(token)
            if all(ended):
                break
            batch = drawn
    model.reset()
    model.train(training)
    return [([vocab[i] for i in line], end) for line, end in zip(written, ended, strict=True)]
