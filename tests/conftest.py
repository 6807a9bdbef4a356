"""Shared fixtures. Every test runs with sockets blocked: the library never needs the network."""

import os
import socket
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

ROOT = Path(__file__).resolve().parents[1]
SEED = ROOT / "seeds" / "wana-2025-02-25-araghchi-lavrov.txt"
GOLD = ROOT / "seeds" / "wana-2025-02-25-araghchi-lavrov.gold.jsonl"


class NetworkBlocked(RuntimeError):
    """Raised instead of a connection."""


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    def refuse(*args, **kwargs):
        raise NetworkBlocked(f"a test tried to reach the network: {args[1:] or args}")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket.socket, "connect_ex", refuse)
    patch.setattr(socket, "create_connection", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def nlp():
    import stancekit as sk

    return sk.load()


@pytest.fixture(scope="session")
def seed_text():
    return SEED.read_bytes().decode("utf-8")


@pytest.fixture(scope="session")
def seed_doc(nlp, seed_text):
    return nlp(seed_text, doc_id=SEED.stem)
