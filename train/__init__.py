"""The training pipeline: corpus → models. It stands beside the app and is never imported by it."""
