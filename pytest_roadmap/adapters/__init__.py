"""Translate between the outside and the domain; they decide nothing and do not know each other."""
