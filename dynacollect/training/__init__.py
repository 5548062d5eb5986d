"""What is learnt: the DynamicVLA policy, fine-tuning, the evaluation suites."""
