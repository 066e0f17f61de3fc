"""What the pipeline's methods return: small typed dictionaries, a module for each part of it.

Probabilities are from 0 to 1. `start` and `end` count characters (code points) of the text. `device` and
`precision` say where and how a result was computed, since the last digits depend on both.
"""
