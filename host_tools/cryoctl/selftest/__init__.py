"""cryoctl selftest: it asks the device, a person moves the contacts, and a sheet lists the result of each item."""
