"""The evidence that the rules hold: the trace from hazard to test, virtual patients, measurements, recordings."""
