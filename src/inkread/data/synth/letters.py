from inkread.data.synth.shapes import Form

LETTER_FORMS: dict[str, tuple[Form, ...]] = {}
