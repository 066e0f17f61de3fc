"""A subword model trained on a visitor's text by SentencePiece, in a child process."""
