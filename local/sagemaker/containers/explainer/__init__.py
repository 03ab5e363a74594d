"""Explanations in the manner of SageMaker Clarify's online explainability."""
