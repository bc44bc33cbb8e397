"""What must outlive a power cut: settings, calibration, and whatever else fits a record. Written only without gas."""
