"""Draws the screens of docs/images: `.venv/bin/python -m tests.screens`."""

from tests.screens.screens import IMAGES, SCREENS, picture
from tests.support import quick_botocore
from tests.support.world import fake_credentials

if __name__ == "__main__":
    quick_botocore.install()
    fake_credentials()
    for name in SCREENS:
        (IMAGES / f"{name}.svg").write_text(picture(name), encoding="utf-8")
