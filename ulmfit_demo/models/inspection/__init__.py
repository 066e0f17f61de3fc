"""What goes on inside the models, as numbers: units and gates, memory, embedding rows. Knows no text."""
