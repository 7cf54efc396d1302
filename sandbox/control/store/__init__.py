"""Reads and writes a workspace's world as a whole."""
