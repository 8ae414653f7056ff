"""Figures, colours, panels and legends that pictures share."""
