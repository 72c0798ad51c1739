import re

import pytest

from inkread.data.cards import CARDS, card
from inkread.errors import InvalidOption


def test_every_card_is_called_by_its_name():
    assert {name: known.name for name, known in CARDS.items()} == {name: name for name in CARDS}
    assert card("mnist") is CARDS["mnist"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InvalidOption, match=r"did you mean 'mnist'\?"):
        card("mnits")


@pytest.mark.parametrize("known", CARDS.values(), ids=CARDS)
def test_a_card_says_what_must_be_known(known):
    assert known.title and known.licence and known.files and known.splits
    assert known.use in ("train", "evaluate") and known.form in ("images", "lines", "strokes", "labels")
    assert (known.dark_ink is None) == (known.form in ("strokes", "labels"))
    assert all(split.count > 0 for split in known.splits.values())
    assert all(split.sha256 is None or re.fullmatch("[0-9a-f]{64}", split.sha256) for split in known.splits.values())
    assert known.source or known.use == "evaluate"


def test_only_sets_with_stated_terms_train_the_bundled_weights():
    for known in CARDS.values():
        assert known.use == "evaluate" or known.licence not in ("none stated", "research", "cite")


def test_all_hashes_are_known_but_those_of_a_set_nobody_published_any_for():
    unknown = [name for name, known in CARDS.items() if any(split.sha256 is None for split in known.splits.values())]
    assert unknown == ["emnist_digits"]


def test_cards_cannot_be_changed():
    with pytest.raises(TypeError):
        CARDS["mine"] = CARDS["mnist"]
    with pytest.raises(TypeError):
        CARDS["mnist"].splits["mine"] = None
