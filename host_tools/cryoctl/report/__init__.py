"""A report on one device as one HTML page: gathered (gather.py), drawn (plots.py), written (page.py)."""
