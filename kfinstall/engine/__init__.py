"""What an install is: a plan, and a runner that turns the plan into events."""
