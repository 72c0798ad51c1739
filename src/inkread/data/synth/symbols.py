from inkread.data.synth.shapes import Form

SYMBOL_FORMS: dict[str, tuple[Form, ...]] = {}
