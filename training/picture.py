"""The README's picture: its first example, as the shipped models label it and `Document._repr_html_` shows it (needs Chromium).

python training/picture.py docs/img/article.png
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops  # comes with the extra plot

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, SCALE = 860, 1400, 2  # of the window; what is empty below is cut off


def labelled() -> str:
    """The HTML of the README's first example."""
    code = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert code, "README.md has no example"
    space = {"__name__": "picture"}
    exec(compile(code[1], "README.md", "exec"), space)
    return space["doc"]._repr_html_()


def main(out: Path) -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("error: needs Chromium: none of chromium, chromium-browser, google-chrome is on the path")
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "page.html"), Path(folder, "shot.png")
        page.write_text(f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}</style>{labelled()}", encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
                 f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]  # fmt: skip
        subprocess.run([program, *flags, page.as_uri()], check=True, capture_output=True)
        picture = Image.open(shot).convert("RGB")
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    assert box, "the picture is empty"
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.crop((0, 0, picture.width, min(picture.height, box[3] + 8 * SCALE))).quantize(64).save(out, optimize=True)
    print(f"wrote {out}, {out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
