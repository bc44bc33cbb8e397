"""The trace from hazard to test: read from the firmware and docs/safety/*.toml, checked, printed, written as pages."""
