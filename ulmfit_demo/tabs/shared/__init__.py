"""What several tabs share, one job a file. Knows no tab."""
