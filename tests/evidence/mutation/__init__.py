"""Mutation testing of the safety core, the limits and the decoders: `python -m tests.evidence.mutation`.

Each mutant is one small change of one firmware module, made by mutmut's operators. It runs in its own process: first
the portable tests in CPython that reach the changed line, then the host's tests of that module. A mutant that no test
notices must be in survivors.toml, with the reason why it is harmless.
"""
