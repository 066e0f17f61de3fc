"""ids → probabilities: the inference engine. Knows no gradio, and no fastai learner."""
