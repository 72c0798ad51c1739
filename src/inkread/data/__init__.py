"""The room of training and test data: data sets and their cards, and the synthesiser of pages with their truth.

It reads and makes samples; it trains nothing and judges nothing.
"""
