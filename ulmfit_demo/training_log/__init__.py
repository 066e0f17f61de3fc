"""What a bundle tells of its training: its log, its measurements, the notebook beside it."""
