"""Reads to variants on demand, for researchers: on what care leaves free."""
