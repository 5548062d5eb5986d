"""What is kept: the raw episode log, LeRobot export, checks, instructions, the Hub."""
