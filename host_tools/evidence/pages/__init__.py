"""Makers of the documentation's tables, pictures and recorded sessions."""
