"""The pages that the tools write, checked in a browser: on a phone, at a desk, in the dark, on paper."""
