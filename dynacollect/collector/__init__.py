"""What a person runs: the session, success verdicts, the monitor, the report, the command line."""
