"""Gaia: what do centres save that send only significant changes, and what does it cost them?"""
