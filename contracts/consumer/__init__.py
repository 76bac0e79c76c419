"""Consumers: clients of the endpoint, the stages that play scenarios to them, and the SDK in its browser."""
