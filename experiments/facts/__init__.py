"""Stylised facts of real platforms, and what a simulated one shows beside them."""
