"""Training of networks: batches, compiled programs, the loop, optimizers and progress."""
