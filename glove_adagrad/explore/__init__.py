"""Pages of one file for a browser: the interactive explorer, and the frame that it shares with the report."""

from glove_adagrad.explore.page import Page, explore_page
from glove_adagrad.explore.subject import Subject, learned_rates

__all__ = ["Page", "Subject", "explore_page", "learned_rates"]
