"""A tiny AWD-LSTM trained in front of a visitor: text → process → events. Knows no gradio."""
