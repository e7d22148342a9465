"""The parts of bench/run and bench/check_counted."""
