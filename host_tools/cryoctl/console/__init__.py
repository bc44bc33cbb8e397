"""cryoctl console: lets a person use the device's console, with history, completion and a status line."""
