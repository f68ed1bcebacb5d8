"""How fast skseqae is, beside what one would write instead; `python -m benchmarks --help`."""
