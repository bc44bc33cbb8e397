"""cryoctl selftest: it asks, people move the contacts, and a sheet says what was found, item by item."""
