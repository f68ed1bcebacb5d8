"""Digests of everything that skseqae computes, to check that a refactoring changes no bit."""
