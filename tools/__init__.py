"""What those who carry the app on run by hand: `python -m tools.NAME`. The app imports none of it."""
