"""`python -m sandbox.documentation` writes the generated pages of docs/reference."""

import sys

from sandbox.documentation.pages import write
from sandbox.documentation.text import Undocumented

if __name__ == "__main__":
    try:
        written = write()
    except Undocumented as problem:
        sys.exit(str(problem))
    for page in written:
        print(f"Wrote {page}")
