"""cryoctl console: a person at the device's console, with history, completion and a status line."""
