"""The ULMFiT app: one text on its way from tokens to probabilities. Holds no code of its own."""
