"""What shows that the rules hold: hazards to tests, virtual patients in numbers, measurements, recorded pages."""
