"""What estimators share with scikit-learn's contract: input checks, output containers, routed parameters, callbacks."""
