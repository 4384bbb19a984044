"""`python -m tests.pages`: write docs/pages again."""

from tests.pages.printing import FOLDER, documents
from tests.support.world import fake_credentials

if __name__ == "__main__":
    fake_credentials()
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
