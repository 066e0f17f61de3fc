"""The loaded models applied to a text: plain values in and out, each model on its device."""
