"""How fast smsim is, beside other simulators and beside what the machine's memory allows: `python -m benchmarks`."""
