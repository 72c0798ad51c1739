import json

from inkread.models.registry import bundled_cards


def test_every_bundled_model_is_listed(inkread):
    done = inkread("models", "list", "--format", "json")
    assert done.returncode == 0
    assert [row["name"] for row in json.loads(done.stdout)] == [card.name for card in bundled_cards()]
    done = inkread("models", "list")
    assert all(card.name in done.stdout for card in bundled_cards())


def test_a_card_is_shown_by_task_and_by_name(inkread):
    card = bundled_cards()[0]
    by_task = inkread("models", "show", card.task, "--format", "json")
    by_name = inkread("models", "show", card.name, "--format", "json")
    assert by_task.stdout == by_name.stdout
    shown = json.loads(by_task.stdout)
    assert shown["sha256"] == card.sha256
    assert set(shown["figures"]) == set(card.figures)
    assert 0.9 < shown["measured"]["mnist test"]["value"] < 1
    assert f"sha256: {card.sha256}" in inkread("models", "show", card.task).stdout


def test_a_name_with_a_typo_is_answered_with_the_nearest(inkread):
    done = inkread("models", "show", "digt")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean 'digit'?" in done.stderr
