"""Mutation testing of the safety core, the limits and the decoders: `python -m tests.evidence.mutation`.

Each mutant is one small change of one firmware module, after mutmut's operators. It is run in a process of its own
against the portable tests in CPython that reach the changed line, then against the host's tests of that module.
A mutant that no test notices must be in survivors.toml, with the reason why that is harmless.
"""
