"""The bundled networks: their cards, their files, and the one place that runs them."""
