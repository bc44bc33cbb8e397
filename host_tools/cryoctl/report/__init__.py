"""A report on one device as one HTML page: gather.py reads the data, plots.py draws, page.py writes the page."""
