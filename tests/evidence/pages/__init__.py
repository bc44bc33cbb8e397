"""The pages that the tools write, looked at in a browser: on a phone, at a desk, in the dark, on paper."""
