"""Data that must survive a power cut: settings, calibrations and other records. Written only while no gas may flow."""
