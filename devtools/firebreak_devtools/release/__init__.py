"""The files of a release: the wheel, the bill of materials, its notes, and one signature over all of them."""
