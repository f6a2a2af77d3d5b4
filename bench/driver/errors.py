class BenchError(Exception):
    """What stops the benchmark; its text is one line that says what to do."""
