"""`firebreak stats` and `firebreak report`: what was recorded, as text and as one page."""
