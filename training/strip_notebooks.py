"""Take what went to stderr out of executed notebooks: progress bars, and warnings that name paths of the machine.

python training/strip_notebooks.py notebooks/*.ipynb
"""

import json
import sys
from pathlib import Path

for path in map(Path, sys.argv[1:]):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [o for o in cell["outputs"] if o.get("name") != "stderr"]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
