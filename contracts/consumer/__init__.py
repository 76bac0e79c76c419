"""Consumers: clients of the endpoint, the stages on which they meet scenarios, and the SDK in its browser."""
