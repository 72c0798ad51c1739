import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inkread.serve.steady import SteadyReading, Votes


def said(votes, texts, confidence=0.9):
    return [votes.add(text, confidence=confidence) for text in texts]


def test_one_wrong_frame_does_not_show():
    readings = said(Votes(), ["734"] * 5 + ["784"] + ["734"] * 3)
    assert {reading.text for reading in readings} == {"734"}
    assert readings[-1].frames == 9


def test_a_new_number_takes_over_within_the_window():
    votes = Votes(window=9)
    said(votes, ["12"] * 30)
    readings = said(votes, ["98"] * 9)
    assert readings[0].text == "12"
    assert readings[5] == SteadyReading("98", 2)
    assert readings[-1] == SteadyReading("98", 5)


def test_an_unsure_reading_weighs_less():
    votes = Votes()
    votes.add("1", confidence=0.2)
    votes.add("1", confidence=0.2)
    assert votes.add("7", confidence=0.95).text == "7"


def test_forgetting_begins_anew():
    votes = Votes()
    said(votes, ["12"] * 9)
    votes.forget()
    assert votes.add("3", confidence=0.1) == SteadyReading("3", 1)


def test_nothing_is_a_reading_too():
    votes = Votes()
    said(votes, ["5"] * 9)
    assert said(votes, [""] * 9, confidence=None)[-1].text == ""


@given(st.lists(st.tuples(st.sampled_from(["", "1", "7", "17"]), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_winner_is_said_in_the_window_and_frames_count_up_or_start_over(frames):
    votes = Votes(window=5)
    before = SteadyReading("", 0)
    for index, (text, confidence) in enumerate(frames):
        steady = votes.add(text, confidence=confidence)
        assert steady.text in {said for said, _ in frames[max(0, index - 4) : index + 1]}
        assert steady.frames == (before.frames + 1 if steady.text == before.text and before.frames else 1)
        before = steady


def test_noise_of_one_in_five_frames_is_voted_away():
    rng = np.random.default_rng(0)
    texts = ["734" if rng.random() > 0.2 else str(rng.integers(1000)) for _ in range(400)]
    shown = [reading.text for reading in said(Votes(), texts)][9:]
    assert np.mean([text == "734" for text in shown]) > 0.99
