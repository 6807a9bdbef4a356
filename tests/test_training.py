"""Every training script and every config, run for two steps on the authored sets from a tiny random encoder."""

import csv
import functools
import importlib.util
import json
import re
import runpy
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest

from .conftest import ROOT

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("transformers", reason="needs the extra train")

import stancekit as sk  # noqa: E402
from stancekit import checkpoints, labels, tagging  # noqa: E402

pytestmark = pytest.mark.train
SEEDS = ROOT / "seeds"
DATA = {
    "attribution": (SEEDS / "articles_train.jsonl", SEEDS / "articles_dev.jsonl"),
    "target": (SEEDS / "authored_train.jsonl", SEEDS / "authored_dev.jsonl"),
    "stance": (SEEDS / "authored_train.jsonl", SEEDS / "authored_dev.jsonl"),
}
CONFIGS = sorted((ROOT / "configs").glob("*/*.yaml"))


def test_scripts_say_that_they_need_the_extra(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="need torch: pip install"):
        runpy.run_path(str(ROOT / "training" / "common.py"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A random two-layer encoder with the embedded tokenizer."""
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(checkpoints.MODELS / "stance")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def task_of(config):
    """The task of a config: its folder's name, but for folders of other label schemes."""
    return config.parent.name if config.parent.name in checkpoints.TASKS else "stance"


def train(config, tiny, out, *extra):
    task = task_of(config)
    argv = [sys.executable, f"training/train_{task}.py", str(config), "--base", str(tiny), "--out", str(out)]
    argv += ["--data", str(DATA[task][0]), "--dev", str(DATA[task][1]), *extra]
    return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_config_trains_and_its_model_loads(config, tiny, tmp_path):
    done = train(config, tiny, tmp_path / "m", "--set", "max_steps=2", "limit=60", "batch_size=4", "bf16=false")
    assert done.returncode == 0, done.stderr[-3000:]
    nlp = sk.load(**{task_of(config): tmp_path / "m"})
    assert nlp("Minister Ana Ruiz said Peru rejects the levy.") is not None
    settings = json.loads((tmp_path / "m" / "stancekit.json").read_text(encoding="utf-8"))
    assert settings["task"] == task_of(config)
    assert (tmp_path / "m" / "README.md").read_text(encoding="utf-8").startswith("---\n")


def test_finetuning_starts_from_the_embedded_model_with_labels_of_ones_own(tmp_path):
    rows = [json.loads(line) for line in DATA["stance"][0].read_text(encoding="utf-8").splitlines()]
    side = {"support": "for", "cooperate": "for", "condemn": "against", "reject": "against"}
    pairs = [(r["text"], s["target"], side[s["label"]]) for r in rows for s in r["stances"] if s["label"] in side]
    with (tmp_path / "my.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "target", "label"), *pairs[:120], ("", "x", "for"), pairs[0]])
    argv = [sys.executable, "training/train_stance.py", "configs/stance/finetune.yaml", "--data", str(tmp_path / "my.csv"),
            "--out", str(tmp_path / "m"), "--set", "max_steps=30", "bf16=false"]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "my.csv:121: skipped, no text" in done.stderr
    assert "1 pairs left out that were there before" in done.stderr
    assert "are held back to measure on" in done.stderr
    nlp = sk.load(stance=tmp_path / "m")
    assert nlp.labels == ("against", "for")
    assert nlp.stance("We praise the accord.", target="the accord").label == "for"
    assert nlp.stance("We condemn the attack.", target="the attack").label == "against"
    assert nlp("Minister Ana Ruiz said Peru rejects the levy.").statements


def test_a_target_teacher_tags_text_for_a_student(tiny, tmp_path):
    done = train(ROOT / "configs/target/base.yaml", tiny, tmp_path / "t", "--set", "max_steps=2", "limit=60", "bf16=false")
    assert done.returncode == 0, done.stderr[-3000:]
    argv = [sys.executable, "training/distill.py", str(tmp_path / "t"), "--texts", str(SEEDS / "articles_dev.jsonl"),
            str(SEEDS / "wana-2025-02-25-araghchi-lavrov.txt"), "--articles", "3", "--out", str(tmp_path / "d.jsonl")]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 5
    for row in rows:
        tags = np.array(row["tags"])
        assert tags.shape == (len(tagging.split_words(row["text"])[0]), 1 + 2 * len(sk.labels.STANCES))
        assert np.allclose(tags.sum(-1), 1, atol=0.01)
    # several teach their mean, on the statements of articles
    embedded = ROOT / "stancekit/models/target"
    argv[2:4] = [str(tmp_path / "t"), str(embedded), "--as-articles", "--texts"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    both = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in both]
    assert len(texts) > 5
    parts = [sk.load(target=folder).target_model.scores(texts, article=True) for folder in (tmp_path / "t", embedded)]
    for row, *scores in zip(both, *parts, strict=True):
        assert np.allclose(
            row["tags"], np.mean([np.exp(s) for _, s in scores], axis=0), atol=0.02
        )  # the teacher may read in bf16
    argv[2:5] = [str(ROOT / "stancekit/models/stance"), "--as-articles"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, "--as-articles is for target checkpoints" in done.stderr) == (1, True)
    argv[2:4] = [str(embedded), str(ROOT / "stancekit/models/stance")]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, "only target checkpoints teach together" in done.stderr) == (1, True)
    # and it moves the student: taught that every word begins something supported, that is what it finds
    first = np.eye(1 + 2 * len(sk.labels.STANCES))[1].tolist()
    taught = [{**r, "tags": [first] * len(r["tags"])} for r in rows] * 6
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(r) + "\n" for r in taught), encoding="utf-8")
    done = train(ROOT / "configs/target/base.yaml", tiny, tmp_path / "s", "--data", str(tmp_path / "d.jsonl"),
                 "--set", "max_steps=40", "batch_size=8", "bf16=false", "learning_rate=0.003")  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(sk.load(target=tmp_path / "s").target_model.find(["Peru thanked Chile."])[0]) >= 3
    bad = [{**rows[0], "tags": rows[0]["tags"][1:]}]
    (tmp_path / "d.jsonl").write_text(json.dumps(bad[0]) + "\n", encoding="utf-8")
    done = train(ROOT / "configs/target/base.yaml", tiny, tmp_path / "b", "--data", str(tmp_path / "d.jsonl"))
    assert done.returncode == 1
    assert "tags of shape" in done.stderr


def test_a_target_model_learns_to_read_articles_apart_from_single_sentences(tiny, tmp_path):
    texts = [json.loads(line)["text"] for line in DATA["target"][0].read_text(encoding="utf-8").splitlines()][:80]
    words = [len(tagging.split_words(text)[0]) for text in texts]
    for name, label in (("sentences", 1), ("whole", 0)):  # one names every word, the other none
        tag = np.eye(1 + 2 * len(sk.labels.STANCES))[label].tolist()
        rows = [json.dumps({"text": text, "tags": [tag] * n}) + "\n" for text, n in zip(texts, words, strict=True)]
        (tmp_path / f"{name}.jsonl").write_text("".join(rows), encoding="utf-8")
    data = ("--data", str(tmp_path / "sentences.jsonl"), str(tmp_path / "whole.jsonl"))
    done = train(ROOT / "configs/target/base.yaml", tiny, tmp_path / "m", *data,
                 "--set", "articles=[whole]", "weights={}", "max_steps=60", "batch_size=8", "bf16=false", "learning_rate=0.003")  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    argv = [sys.executable, "training/export.py", str(tmp_path / "m"), str(tmp_path / "x"), "--data", str(DATA["target"][1])]
    exported = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert exported.returncode == 0, exported.stderr[-3000:]
    assert json.loads(exported.stdout)["labels_that_differ_in_articles"] < 0.05
    for folder in ("m", "x"):
        model = sk.load(target=tmp_path / folder).target_model
        assert len(model.find(["Peru thanked Chile."])[0]) >= 3
        assert model.find(["Peru thanked Chile."], article=True) == model.candidates(["Peru thanked Chile."]) == [[]]
    # the second way is not kept by a run without such files, which says so; a name that is wrong stops one
    done = train(
        ROOT / "configs/target/base.yaml", tmp_path / "m", tmp_path / "n", "--set", "max_steps=1", "limit=20", "bf16=false"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "which is not kept" in done.stderr
    assert sk.load(target=tmp_path / "n").target_model.article_segment == 0
    done = train(ROOT / "configs/target/base.yaml", tiny, tmp_path / "w", *data, "--set", "articles=[whole, wholly]")
    assert done.returncode == 1
    assert "the setting `articles` names wholly, but no data file has that name; there are" in done.stderr


@pytest.mark.parametrize("variant", ["pair", "pooled"])
def test_other_forms_are_measured_and_not_saved(tiny, tmp_path, variant):
    short = ("--set", "max_steps=2", "limit=60", "batch_size=4", "bf16=false", "balanced=true", f"variant={variant}")
    done = train(ROOT / "configs/stance/finetune.yaml", tiny, tmp_path / "m", *short)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 0 <= json.loads((tmp_path / "m" / "stancekit.json").read_text(encoding="utf-8"))["dev"]["macro_f1"] <= 1
    assert not list((tmp_path / "m").glob("*.safetensors"))
    with pytest.raises(ValueError, match=r"config\.json"):
        sk.load(stance=tmp_path / "m")


def test_an_unknown_form_stops_the_run(tiny, tmp_path):
    done = train(ROOT / "configs/stance/finetune.yaml", tiny, tmp_path / "m", "--set", "variant=paired")
    assert done.returncode == 1
    assert "error: unknown variant 'paired': allowed are pair, pooled" in done.stderr


def test_forms_of_the_input(tiny, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    import common
    import variants
    from train_stance import balance
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    encoder = variants.PairEncoder(common.plain_tokenizer(tokenizer), 24)
    made = encoder.encode("Peru rejects the levy of Chile.", (13, 21), "Peru")
    words = tokenizer.convert_ids_to_tokens(made.ids)
    text = "[CLS] peru [unused1] the levy [unused2] [SEP] [unused3] peru [unused4] rejects the levy of chile . [SEP]"
    assert " ".join(words).replace(" ##", "") == text
    assert made.types == [0] * (words.index("[SEP]") + 1) + [1] * (len(words) - words.index("[SEP]") - 1)
    assert len(encoder.encode("Peru " * 50, (0, 4), "Peru").ids) == 24

    # pooled over the target: only its tokens and the markers decide, here where attention is cut off
    model = AutoModelForSequenceClassification.from_pretrained(tiny, attn_implementation="eager").eval()
    model.bert.encoder.layer = torch.nn.ModuleList()
    model.bert.pooler = variants.TargetPooler(model.bert, encoder.t1, encoder.t2)
    plain = variants.Encoder(common.plain_tokenizer(tokenizer), 24)

    def logits(text, span):
        row = plain.encode(text, span)
        return model(input_ids=torch.tensor([row.ids]), attention_mask=torch.ones(1, len(row.ids), dtype=torch.long)).logits

    one = logits("Peru likes the levy of Chile.", (11, 19))
    assert torch.allclose(one, logits("Peru fears the levy of Chile.", (11, 19)), atol=1e-6)
    assert not torch.allclose(one, logits("Peru likes the tax of Chile.", (11, 18)), atol=1e-6)

    rare, often = balance([{"label": "a"}] * 1 + [{"label": "b"}] * 3, ("a", "b")).tolist()
    assert (rare, often) == (2.0, pytest.approx(2 / 3))


def test_bf16_is_used_only_where_the_processor_has_it(tiny, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    import common
    from config import TrainConfig
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny)
    for there in (False, True):
        monkeypatch.setattr(common, "multiplies_in_bf16", lambda there=there: there)
        made = common.trainer(TrainConfig(out=str(tmp_path)), model, None, [1], [1], None, None)
        assert made.args.bf16 is there


def test_a_teacher_labels_text_for_a_student(tiny, tmp_path):
    done = train(
        ROOT / "configs/stance/teacher.yaml",
        tiny,
        tmp_path / "t",
        "--set",
        "max_steps=2",
        "limit=60",
        "batch_size=4",
        "bf16=false",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    pair = {"text": "Peru thanked Chile for its aid.", "source": "Peru", "target": "Chile", "target_span": [13, 18]}
    kept = {**pair, "text": "Peru thanked Chile for the aid that it had sent last year."}
    condemn = 1 + 2 * sk.labels.STANCES.index("condemn")  # B, and I after it: "the levy"
    tagged = {
        "text": "Oslo denounced the levy.",
        "tags": np.eye(1 + 2 * len(sk.labels.STANCES))[[0, 0, condemn, condemn + 1, 0]].tolist(),
    }
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in (pair, kept, tagged)), encoding="utf-8")
    (tmp_path / "kept.jsonl").write_text(json.dumps(kept) + "\n", encoding="utf-8")
    argv = [sys.executable, "training/distill.py", str(tmp_path / "t"), "--texts", str(SEEDS / "articles_dev.jsonl"), "--pairs", str(tmp_path / "pairs.jsonl"),
            "--keep-out", str(tmp_path / "kept.jsonl"), str(SEEDS / "wana-2025-02-25-araghchi-lavrov.txt"), "--articles", "3", "--out", str(tmp_path / "d.jsonl")]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 3
    assert [r["text"] for r in rows if "Peru thanked" in r["text"]] == [pair["text"]]
    assert [r["target_span"] for r in rows if r["text"] == tagged["text"]] == [[15, 23]]
    for row in rows:
        assert set(row["scores"]) == set(sk.LABELS)
        assert abs(sum(row["scores"].values()) - 1) < 0.01
        assert 0 <= row["target_span"][0] < row["target_span"][1] <= len(row["text"])
    # and it moves the student: taught nothing but "cooperate", that is what it answers
    taught = [{**r, "scores": {label: float(label == "cooperate") for label in sk.LABELS}} for r in rows] * 4
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(r) + "\n" for r in taught), encoding="utf-8")
    done = train(ROOT / "configs/stance/base.yaml", tiny, tmp_path / "s", "--data", str(tmp_path / "d.jsonl"), str(DATA["stance"][0]),
                 "--set", "max_steps=60", "batch_size=8", "bf16=false", "learning_rate=0.003", "weights={authored_train: 0.05}")  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert sk.load(stance=tmp_path / "s").stance(pair["text"], target="Chile").label == "cooperate"


def test_checkpoints_are_averaged_and_continued(tiny, tmp_path):
    from safetensors.torch import load_file, save_file

    short = ("--set", "max_steps=2", "limit=60", "batch_size=4", "bf16=false")
    assert train(ROOT / "configs/stance/teacher.yaml", tiny, tmp_path / "a", *short).returncode == 0
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    weights = load_file(tmp_path / "a" / "model.safetensors")
    save_file({k: v + 1 for k, v in weights.items()}, tmp_path / "b" / "model.safetensors", {"format": "pt"})
    argv = [
        sys.executable,
        "training/average.py",
        str(tmp_path / "a"),
        str(tmp_path / "b"),
        "--out",
        str(tmp_path / "c"),
        "--shares",
    ]
    done = subprocess.run(
        [*argv, "0.75", "0.25", "--data", str(DATA["stance"][1])], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    mean = load_file(tmp_path / "c" / "model.safetensors")
    assert all(torch.allclose(mean[k], weights[k] + 0.25, atol=1e-6) for k in weights)
    assert "0.75 of `a`, 0.25 of `b`" in (tmp_path / "c" / "README.md").read_text(encoding="utf-8")
    assert sk.load(stance=tmp_path / "c").labels == sk.LABELS
    done = subprocess.run([*argv, "0.75", "0.75"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "add up to 1" in done.stderr
    done = subprocess.run(
        [*argv[:2], str(tmp_path / "a"), "embedded", *argv[4:], "0.5", "0.5"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert "give the embedded model first" in done.stderr
    # a run from a checkpoint, with an auxiliary task besides, keeps what its classifier knows: at no learning rate it answers the same
    events = str(SEEDS / "authored_events.jsonl")
    done = train(
        ROOT / "configs/stance/base.yaml",
        tmp_path / "a",
        tmp_path / "d",
        "--data",
        str(DATA["stance"][0]),
        events,
        *short,
        "learning_rate=0.0",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = (sk.load(stance=tmp_path / name) for name in ("a", "d"))
    texts = ["Peru rejects the levy.", "Peru thanked Chile."]
    logits = [m.stance_model.backend.run([m.stance_model.encoder.encode(t).ids for t in texts]) for m in (one, two)]
    assert np.allclose(logits[0], logits[1], atol=1e-4)
    settings = json.loads((tmp_path / "d" / "stancekit.json").read_text(encoding="utf-8"))
    assert settings["continued_from"] == "a"
    assert "start_averaged" not in settings
    sys.path.insert(0, str(ROOT / "training"))
    import common

    parts = common.lineage(str(tmp_path / "c"), "stance")["start_averaged"]  # for the card of a run from the average
    assert parts == {"a": 0.75, "b": 0.25}


def test_the_embedded_model_is_continued_with_its_classifier(tmp_path):
    argv = [
        "--data",
        str(DATA["stance"][0]),
        str(SEEDS / "authored_events.jsonl"),
        "--set",
        "max_steps=1",
        "limit=60",
        "batch_size=4",
        "bf16=false",
    ]
    done = train(ROOT / "configs/stance/base.yaml", "embedded", tmp_path / "m", *argv, "learning_rate=0.0")
    assert done.returncode == 0, done.stderr[-2000:]
    texts = ["Peru rejects the levy.", "Peru thanked Chile.", "Oslo and Lima signed the accord."]
    before, after = (nlp.stance(texts) for nlp in (sk.load(), sk.load(stance=tmp_path / "m")))
    assert [s.label for s in before] == [s.label for s in after]
    argv = ["training/average.py", "embedded", str(tmp_path / "m"), "--shares", "0.5", "0.5", "--out", str(tmp_path / "n")]
    subprocess.run([sys.executable, *argv], capture_output=True, cwd=ROOT, check=True)  # of a model and itself
    assert [s.label for s in sk.load(stance=tmp_path / "n").stance(texts)] == [s.label for s in after]
    assert "0.5 of `embedded, of 20" in (tmp_path / "n" / "README.md").read_text(encoding="utf-8")
    settings = json.loads((tmp_path / "m" / "stancekit.json").read_text(encoding="utf-8"))
    assert settings["base"] == "all-MiniLM-L6-v2"
    assert settings["continued_from"].startswith("embedded, of 20")


def test_levers_are_compared_and_a_stopped_list_goes_on(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    import levers
    import yaml

    plan = {
        "seeds": [1, 2], "files": ["authored_train"], "start": {"base": str(tiny), "max_steps": 1, "limit": 60, "batch_size": 4, "bf16": False},
        "levers": {"no holder": {"without": ["holder"]}, "no target": {"without": ["target", "start", "end"]}},
    }  # fmt: skip
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    train_file, dev = DATA["stance"]
    argv = [str(tmp_path / "plan.yaml"), "--data", str(train_file), "--dev", str(dev), "--out", str(tmp_path / "out.jsonl")]
    monkeypatch.setattr(levers, "run", lambda plan, change, seed, *_: 0.5 + 0.1 * bool(change) * seed)
    found = levers.main(argv)
    assert len(found) == 6
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    (tmp_path / "out.jsonl").write_text("\n".join(lines[:5]) + '\n{"lever": "no ta', encoding="utf-8")  # killed while it wrote
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    found = levers.main(argv)  # what stands there is not trained again: the sixth is
    assert found["no target", 2] not in (0.5, 0.7)
    assert found["no holder", 2] == 0.7
    monkeypatch.setattr(levers, "run", lambda *_: 0.1)
    assert set(levers.main([*argv, "--set", "epochs=1"]).values()) == {0.1}  # another run
    capsys.readouterr()
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    levers.main(argv)
    out = capsys.readouterr().out
    assert "| start | 0.500 |" in out
    assert "| no holder | 0.650 | +0.150 | +0.100 | +0.200 |" in out
    row = {"text": "a", "stances": [{"holder": "b", "target": "c", "start": 0, "end": 1, "label": "support"}]}
    assert levers.without(row, ["start", "end", "holder"])["stances"] == [
        {"target": "c", "start": None, "end": None, "label": "support"}
    ]
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({**plan, "levers": {"x": {"sets": {}}}}), encoding="utf-8")
    with pytest.raises(SystemExit, match="lever 'x' must change one of"):
        levers.main(argv)
    from config import TrainConfig, check

    real = levers.read(ROOT / "configs" / "levers.yaml")
    for change in [{}, *real["levers"].values()]:  # no setting that training does not know
        check(TrainConfig, {**real["start"], **change.get("set", {})}, "levers.yaml")


def test_annotations_are_joined_with_their_texts(tmp_path):
    import gzip
    import hashlib

    def digest(words, size):
        return hashlib.sha1(words.encode()).hexdigest()[:size]

    text = "Lima, Monday. Peru rejects the levy.\nChile thanked Peru."
    with gzip.open(tmp_path / "wire.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"id": "a", "text": text}) + "\n")
    at = text.index("Peru rejects")
    notes = [
        {"id": "x1", "file": "wire", "doc": "a", "start": at, "end": at + 22, "stances": [{"holder": "Peru", "start": 13, "end": 21, "label": "reject"}]},
        {"id": "x2", "file": "wire", "doc": "gone", "start": 0, "end": 5, "stances": []},
        {"id": "e1", "file": "wire", "doc": "a", "start": at + 23, "end": len(text),
         "events": [{"source": [0, 5], "target": [14, 18], "plover": "SUPPORT"}, {"source": [0, 5], "target": [14, 18], "plover": "NONE"}]},
    ]  # fmt: skip
    for note in notes:
        note["check"] = digest(text[note["start"] : note["end"]], 8)
        note["doc"] = digest(note["doc"], 12)
    notes.append({**notes[0], "start": at + 1})  # where the text has changed since
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(n) + "\n" for n in notes), encoding="utf-8")
    argv = [
        sys.executable,
        "training/prepare.py",
        str(tmp_path / "notes.jsonl"),
        "--texts",
        str(tmp_path),
        "--out",
        str(tmp_path / "o.jsonl"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "wire: 2 of 4 annotations have their text" in done.stderr
    first, support, none = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert first["text"] == "Peru rejects the levy."
    assert first["stances"][0]["target"] == "the levy"
    assert first["context"] == "Lima, Monday. "
    assert (support["source"], support["target"], support["label"], support["plover"]) == ("Chile", "Peru", "support", "SUPPORT")
    assert (none["label"], none["plover"]) == ("neutral", None)
    done = subprocess.run(
        [*argv[:3], "--texts", str(tmp_path / "none"), *argv[5:]], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode != 0
    assert "none of the annotated files" in done.stderr


def test_export_and_back(tiny, tmp_path):
    sys.path.insert(0, str(ROOT / "training"))
    import export

    done = train(
        ROOT / "configs/stance/base.yaml", tiny, tmp_path / "m", "--set", "max_steps=2", "limit=60", "batch_size=4", "bf16=false"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) | {"file": "x"} for line in DATA["stance"][1].read_text(encoding="utf-8").splitlines()]
    report = export.export(tmp_path / "m", tmp_path / "x", rows)
    assert report["largest_drift"] < 0.05
    assert report["drift_from_batch_company"] < 1e-5
    from safetensors.torch import load_file

    before, after = load_file(tmp_path / "m" / "model.safetensors"), export.dequantise(tmp_path / "x" / "model.onnx")
    assert set(after) >= {k for k in before if "position_ids" not in k}
    assert all(torch.allclose(before[k], after[k], atol=0.02) for k in before)
    text, target = "We reject the levy.", "the levy"
    a = sk.load(stance=tmp_path / "m").stance(text, target=target)
    b = sk.load(stance=tmp_path / "x").stance(text, target=target)
    assert np.allclose(list(a.scores.values()), list(b.scores.values()), atol=0.02)


def test_calibration_is_saved_and_read_back(tmp_path):
    models = tmp_path / "models"
    shutil.copytree(checkpoints.MODELS, models)
    argv = [
        sys.executable,
        "training/calibrate.py",
        str(models),
        "--dev",
        str(DATA["stance"][0]),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "tuple F1" in done.stdout
    settings = json.loads((models / "stance" / "stancekit.json").read_text(encoding="utf-8"))
    assert settings["calibrated"]["tuple_f1"] > 0.5
    assert settings["calibrated"]["dev"] == ["authored_train.jsonl"]
    said, true = settings["reliability"]
    assert said == sorted(said)
    assert true == sorted(true)
    assert 0 <= true[0] <= true[-1] <= 1
    nlp = sk.load(models)
    assert nlp.stance_model.prior_weight == settings["prior_weight"]
    assert nlp.stance_model.selection.weights == settings["selection"]["weights"]
    assert nlp.stance_model.selection.shift == settings["selection"]["shift"]


def test_calibration_keeps_what_it_measures_apart_from_what_it_fits():
    sys.path.insert(0, str(ROOT / "training"))
    import calibrate

    rows = [{"text": f"{d} {n}", "doc": d} for d in "abcdefg" for n in range(3)] + [
        {"text": "alone"},
        {"text": "a 0", "doc": "b"},
    ]
    fold = calibrate.folds(rows)
    assert set(fold) == {row["text"] for row in rows}
    assert all(len({fold[f"{d} {n}"] for n in range(3)}) == 1 for d in "abcdefg")
    assert set(fold.values()) == set(range(calibrate.FOLDS))
    # of two settings the first is better over all, by what it reaches on the first fold; where the others choose for that fold, it is the second
    first = calibrate.Found({}, np.array([[9, 10, 10], [5, 10, 10], [5, 10, 10], [5, 10, 10], [5, 10, 10]]))
    second = calibrate.Found({}, np.array([[1, 10, 10], [6, 10, 10], [6, 10, 10], [6, 10, 10], [6, 10, 10]]))
    assert calibrate.best([first, second]) is first
    assert calibrate.chosen_crosswise([first, second])[0] == pytest.approx((1 + 5 * 4) / 50)


def test_evaluate_prints_figures(tmp_path):
    argv = [sys.executable, "training/evaluate.py", "stance", "--data", str(DATA["stance"][1]), "--bootstrap", "20"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "macro-F1" in done.stdout
    rows = [
        {"text": "Kenya praised the truce.", "target": "the truce", "target_span": [14, 23], "polarity": "positive"},
        {"text": "Kenya condemned the raid.", "target": "the raid", "target_span": [16, 24], "polarity": "negative"},
        {"text": "Kenya lies in Africa.", "target": "Africa", "target_span": [14, 20], "polarity": None},
    ]
    (tmp_path / "d.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    argv = [
        sys.executable,
        "training/evaluate.py",
        "stance",
        "--data",
        str(tmp_path / "d.jsonl"),
        "--polarity",
        "--train",
        str(DATA["stance"][0]),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "3 rows, macro-F1 1.0000" in done.stdout
    assert "TF-IDF" in done.stdout
    (tmp_path / "copies.jsonl").write_text(json.dumps({"text": "kenya praised  the truce"}), encoding="utf-8")
    done = subprocess.run(
        [*argv[:6], "--leave-out", str(tmp_path / "copies.jsonl")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "2 rows, macro-F1" in done.stdout
    out = tmp_path / "p.jsonl"
    argv = [sys.executable, "training/evaluate.py", "attribution", "--data", str(DATA["attribution"][1]), "--out", str(out)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "attributions" in json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert 0 < float(re.search(r"content ([\d.]+)", done.stdout)[1]) <= 1  # and is scored


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("epoch: 3", "did you mean 'epochs'"),
        ("epochs: many", "epochs must be float"),
        ("[1, 2]", "expected a mapping"),
        ("labels: support", "labels must be"),
    ],
)
def test_config_mistakes_are_named(yaml, says, tmp_path, tiny):
    folder = tmp_path / "stance"
    folder.mkdir()
    (folder / "c.yaml").write_text(yaml + "\n", encoding="utf-8")
    done = train(folder / "c.yaml", tiny, tmp_path / "m")
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_data_mistakes_stop_before_training(tmp_path, tiny):
    config = ROOT / "configs/stance/base.yaml"
    row = {
        "text": "We reject the levy.",
        "stances": [{"holder": "Peru", "target": "the levy", "start": 10, "end": 18, "label": "reject"}],
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n{broken\n", encoding="utf-8")
    typo = {**row, "text": "We reject the tax.", "stances": [{**row["stances"][0], "label": "rejct"}]}
    alone = "text,label\n" + "".join(f"We reject levy {i}.,no\n" for i in range(9))
    (tmp_path / "alone.csv").write_text(alone, encoding="utf-8")
    done = train(ROOT / "configs/stance/finetune.yaml", tiny, tmp_path / "m", "--data", str(tmp_path / "alone.csv"))
    assert done.returncode == 1
    assert "only the label 'no': two or more are needed" in done.stderr
    odd = [
        ("We reject levy 1.", "levy 1", "no"),
        ("We reject levy 1.", "levy 1", "approve"),
        ("We back levy 2.", "a toll", "approve"),
    ]
    odd += [
        ("We back levy 3.", "levy 3", "approv"),
        *((f"We reject levy {i}.", f"levy {i}", ("no", "approve")[i % 2]) for i in range(4, 20)),
    ]
    with (tmp_path / "odd.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "target", "label"), *odd])
    (tmp_path / "dev.csv").write_text("text,label\nWe back it.,approve\nWe reject it.,no\n", encoding="utf-8")
    argv = ["--data", str(tmp_path / "odd.csv"), "--dev", str(tmp_path / "dev.csv")]
    done = train(ROOT / "configs/stance/finetune.yaml", tiny, tmp_path / "m", *argv)
    assert done.returncode == 1
    assert "too few train rows for approv: " in done.stderr
    assert "did you mean 'approve'?" in done.stderr
    assert "1 pairs are there with two labels, and are learnt with both ('We reject levy 1.': no and approve)" in done.stderr
    assert "1 targets do not stand in their text, and are not marked in it ('We back levy 2.')" in done.stderr
    (tmp_path / "typo.jsonl").write_text(json.dumps(typo) + "\n", encoding="utf-8")
    for data, dev, says in (
        (DATA["stance"][1], DATA["stance"][1], "are in train too"),
        (tmp_path / "one.jsonl", DATA["stance"][1], "too few train rows"),
        (tmp_path / "typo.jsonl", DATA["stance"][1], "did you mean 'reject'"),
        (tmp_path / "none.jsonl", DATA["stance"][1], "cannot read"),
    ):
        done = train(config, tiny, tmp_path / "m", "--data", str(data), "--dev", str(dev), "--set", "drop_overlap=false")
        assert done.returncode != 0
        assert says in done.stderr, done.stderr[-500:]


def test_authored_sets_are_sound():
    texts = {}
    for stem in ("authored", "authored_contrasts", "authored_plain", "authored_reversals", "articles", "articles_short"):
        for part in ("train", "dev"):
            for line in (SEEDS / f"{stem}_{part}.jsonl").read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                assert texts.setdefault(row["text"], part) == part  # what is measured on is not learnt from
                for s in row.get("stances", []):
                    assert row["text"][s["start"] : s["end"]] == s["target"]
                    assert s["label"] in sk.LABELS
                for a in row.get("attributions", []):
                    assert a["content"]
                    assert all(0 <= b < e <= len(row["text"]) for role in a.values() for b, e in role)
    for line in (SEEDS / "authored_events.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert row["text"][slice(*row["target_span"])] == row["target"]
        assert row["source"] in row["text"]
        assert row["label"] == (labels.PLOVER_STANCES.get(row["plover"]) if row["plover"] else "neutral")
    news = [json.loads(line) for line in (SEEDS / "humboldt.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in news}) == len(news) >= 60
    for path in sorted(SEEDS.glob("standoff_*.jsonl")):
        inner = "events" if path.stem == "standoff_events" else "stances"
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert set(row) - {"holder"} == {"id", "file", "doc", "start", "end", "check", inner}  # and no text
            names = [row.get("holder"), *(s.get("holder") for s in row[inner])]
            assert all(len(re.findall(r"\w+", name or "")) < 8 for name in names), row["id"]
            length = row["end"] - row["start"]
            for s in row[inner]:
                spans = [(s["start"], s["end"])] if inner == "stances" else [s["source"], s["target"]]
                assert spans == [(None, None)] or all(0 <= a < b <= length for a, b in spans)
                assert inner == "events" or s["label"] in sk.LABELS


@pytest.fixture
def bench(monkeypatch):
    """training/bench.py, with a small network in the place of roberta-large's size."""
    monkeypatch.syspath_prepend(str(ROOT / "training"))
    import bench
    import bench_peers

    small = functools.partial(bench_peers.against_zero_shot, layers=1, width=64)
    monkeypatch.setattr(bench_peers, "against_zero_shot", small)
    monkeypatch.setitem(sys.modules, "textacy", None)  # as if it were not installed
    return bench


def test_bench_compares_the_same_work_and_prints_ratios_first(bench, capsys):
    few = ["--articles", "1", "--repeat", "1", "--pairs", "8", "--nli-pairs", "2", "--words", "120"]
    figures = bench.main([*few, "--growth", "1", "2", "--peers"])
    torch_fp32, zero_shot = figures["ratios"].values()
    assert torch_fp32["same_tokens"] == 1.0
    assert torch_fp32["same_label"] >= 0.75  # int8 and fp32 may differ in one of eight
    assert min(row["ratio"] for row in (torch_fp32, zero_shot)) > 0
    assert "textacy is not installed: pip install" in figures["left_out"]["who said what, beside textacy"]
    assert figures["speed"]["articles_per_second"] > 0
    assert [(row["articles"], row["faults"]) for row in figures["growth"]] == [(1, 0), (2, 0)]
    assert 50 < figures["growth"][1]["peak_megabytes"] < 2000
    out = capsys.readouterr().out
    assert out.index("× (") < out.index("as the corpus grows") < out.index("articles per second")


def test_bench_compares_engines_and_forms_of_the_embedded_networks(bench, capsys):
    import bench_engines

    argv = ["--without", "speed", "stance", "--engines", "--engine-rows", "6", "--repeat", "1"]
    figures = bench.main([*argv, "--json"])["engines"]
    assert set(figures) == {"attribution", "target", "stance"}
    for found in figures.values():
        rows = found["engines"]
        ships = rows[bench_engines.SHIPPED]
        assert (found["rows"], ships["ratio"], ships["keeps"]) == (6, 1.0, True)
        assert rows["torch, fp32"]["same_label"] == 1.0
        assert rows["ONNX Runtime, fp32"]["same_label"] > 0.999
        assert ships["same_label"] > 0.97
        assert ships["megabytes"] < rows["torch, fp32"]["megabytes"] / 3
        assert all(row["rows_per_second"] > 0 for row in rows.values())
    text = "\n".join(bench_engines.lines(figures))
    assert text.count(bench_engines.SHIPPED) == 3
    assert "torch, bf16" in text
    assert ("OpenVINO, bf16" in text) != ("left out: OpenVINO" in text)
    capsys.readouterr()


def test_bench_texts_are_of_one_length_and_all_different(bench, tmp_path, capsys):
    from bench_texts import Source

    made = list(Source().articles(300))
    assert len(set(made)) == 300
    assert all(650 < len(text.split()) < 850 for text in made)
    assert list(Source().articles(2, first=7)) == made[7:9]
    rows = [{"body": "One sentence of six words here. " * n} for n in (30, 700)]  # the second one has no paragraphs
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    cut = list(Source((str(tmp_path / "t.jsonl"),), "body", words=300).articles(40))  # more than there is: it comes again
    assert len(set(cut)) == 40
    assert all(250 < len(text.split()) < 350 for text in cut)
    for argv, says in ((["t.jsonl"], "no texts in column 'text'"), (["none.jsonl"], "no such file")):
        with pytest.raises(SystemExit, match=says):
            bench.main(["--data", str(tmp_path / argv[0])])


def test_what_is_held_back_is_not_taught_by_a_teacher_either():
    sys.path.insert(0, str(ROOT / "training"))
    from config import TrainConfig
    from train_stance import hold_back

    gold = [{"text": f"Peru did {i}.", "label": "for" if i % 2 else "against"} for i in range(40)]
    taught = [{"text": r["text"], "scores": {"for": 0.5, "against": 0.5}} for r in gold]
    alone = [{"text": f"Chile did {i}.", "scores": {"for": 0.5, "against": 0.5}} for i in range(40)]
    train, dev = hold_back([*taught, *gold, *alone], TrainConfig(base="x", out="y", dev_share=0.2))
    held = {r["text"] for r in dev}
    assert len(held) == 8
    assert not held & {r["text"] for r in train}
    assert all("Peru" in text for text in held)
    assert sorted(r["label"] for r in dev if "label" in r) == ["against"] * 4 + ["for"] * 4


def test_a_pair_with_a_label_and_scores_counts_as_two():
    sys.path.insert(0, str(ROOT / "training"))
    import torch
    from train_stance import IGNORE, TwoHeads

    logits = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.0, 0.0]])
    scores = torch.tensor([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
    labels = torch.cat([torch.tensor([[0.0, IGNORE], [IGNORE, IGNORE]]), scores], dim=1)
    run = types.SimpleNamespace(main=3, smoothing=0.0, weights=None)
    loss = TwoHeads.compute_loss(run, lambda **_: types.SimpleNamespace(logits=logits), {"labels": labels})
    said = torch.log_softmax(logits, dim=1)
    assert torch.isclose(loss, -(said[0, 0] + (scores * said).sum()) / 3)


BARE = {"text": "Ghana condemned the attack on the convoy.", "stances": [{"start": None, "end": None, "label": "condemn"}]}


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> list[dict]:
    """Candidates of the authored statements and of one whose stance has no target, as `candidates.py --teach` writes them."""
    folder = tmp_path_factory.mktemp("candidates")
    (folder / "bare.jsonl").write_text(json.dumps(BARE), encoding="utf-8")
    data = ["--data", str(DATA["stance"][1]), str(folder / "bare.jsonl"), "--out", str(folder / "c.jsonl")]
    argv = [sys.executable, "training/candidates.py", "--teach", *data]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in (folder / "c.jsonl").read_text(encoding="utf-8").splitlines()]


def test_candidates_hold_what_readers_named_and_what_the_labels_learn(asked):
    gold = {
        (r["text"], s["start"], s["end"]): s["label"]
        for r in map(json.loads, DATA["stance"][1].read_text(encoding="utf-8").splitlines())
        for s in r["stances"]
    }
    exact = [(r["reader"], gold[place]) for r in asked if (place := (r["text"], *r["target_span"])) in gold]
    assert len(exact) > 40
    assert all(reader == label for reader, label in exact)
    assert any(r["reader"] == "neutral" for r in asked)
    assert all(abs(sum(r["scores"].values()) - 1) < 0.01 for r in asked)
    # the labels are taught what readers named, and neutral where they saw no stance at all, not even one without a target
    named = {BARE["text"], *(text for (text, *_), label in gold.items() if label != "neutral")}
    assert BARE["text"] in {r["text"] for r in asked}
    assert all(r.get("label") == (None if r["reader"] == "neutral" and r["text"] in named else r["reader"]) for r in asked)
    assert {r.get("label") for r in asked} == {None, *sk.LABELS}


def test_what_a_reader_names_is_learnt_beside_the_labels(tiny, tmp_path, asked):
    rows = [{**row, "label": None} for row in asked]
    # the labels learn the scores, the second outputs what readers named: here two things that have nothing to do with each other
    scores = {label: float(label == "support") for label in sk.LABELS}
    taught = [{**r, "scores": scores, "reader": "condemn"} for r in rows] * 4
    taught += [
        {**rows[0], "text": f"{rows[0]['text']} {n}", "reader": label} for n, label in enumerate(sk.LABELS)
    ]  # all are there
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(r) + "\n" for r in taught), encoding="utf-8")
    dev = str(SEEDS / "authored_contrasts_dev.jsonl")
    argv = ["--data", str(tmp_path / "t.jsonl"), str(DATA["stance"][0]), "--dev", dev, "--set", "bf16=false"]
    steps = ["max_steps=60", "batch_size=8", "learning_rate=0.003", "weights={authored_train: 0.05}"]
    done = train(ROOT / "configs/stance/reader.yaml", tiny, tmp_path / "m", *argv, *steps)
    assert done.returncode == 0, done.stderr[-3000:]
    nlp = sk.load(stance=tmp_path / "m")
    model = nlp.stance_model
    assert nlp.labels == sk.LABELS
    made = [model.encoder.encode(rows[0]["text"], tuple(rows[0]["target_span"]))]
    said, read = model.judge(made)
    assert said.shape == read.shape == (1, 5)
    assert np.allclose(said, model.probabilities(made))
    assert (sk.LABELS[said[0].argmax()], sk.LABELS[read[0].argmax()]) == ("support", "condemn")
    assert nlp.stance("Peru rejects the levy.", target="the levy").label == "support"
    # who goes on from it with labels of their own has no second outputs
    short = ["--set", "max_steps=2", "limit=60", "bf16=false"]
    assert train(ROOT / "configs/stance/finetune.yaml", tmp_path / "m", tmp_path / "n", *short).returncode == 0
    model = sk.load(stance=tmp_path / "n").stance_model
    assert model.judge([model.encoder.encode("Peru rejects the levy.")])[1] is None
    assert checkpoints.read(tmp_path / "m", "stance").reader == tuple(sorted(sk.LABELS))
    # a run without the column leaves them out and says so; an average of the two has them from the last one
    done = train(ROOT / "configs/stance/teacher.yaml", tmp_path / "m", tmp_path / "p", *short)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the second outputs of the base" in done.stderr
    argv = [
        "training/average.py",
        str(tmp_path / "p"),
        str(tmp_path / "m"),
        "--shares",
        "0.5",
        "0.5",
        "--out",
        str(tmp_path / "q"),
    ]
    subprocess.run([sys.executable, *argv], capture_output=True, cwd=ROOT, check=True)
    said, read = sk.load(stance=tmp_path / "q").stance_model.judge(made)
    assert (sk.LABELS[said[0].argmax()], sk.LABELS[read[0].argmax()]) == ("support", "condemn")
    # a column with other labels than the model's is an error
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({**r, "reader": "yes"}) + "\n" for r in taught), encoding="utf-8")
    done = train(
        ROOT / "configs/stance/reader.yaml", tiny, tmp_path / "b", "--data", str(tmp_path / "t.jsonl"), str(DATA["stance"][0])
    )
    assert done.returncode == 1
    assert "error: the column 'reader' holds yes" in done.stderr
