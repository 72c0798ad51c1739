from inkread.models.registry import load_card
from inkread.train.cards import circumstances, write_card


def test_a_card_reads_back_as_it_was_written(tmp_path):
    onnx = tmp_path / "digit.onnx"
    onnx.write_bytes(b"a network")
    card = write_card(
        onnx,
        task="digit",
        alphabet=("0", "1", "not-a-digit"),
        calibration={"temperature": 0.8, "refusal_threshold": 0.25},
        training={**circumstances(), "sources": {"mnist": "60000 crops, 40 % of a batch"}},
        figures={"accuracy_percent": {"mnist": 99.5}, "data": 'with "quotes"'},
    )
    assert card.name.startswith("digit-")
    assert card.path == onnx
    assert card.read_bytes() == b"a network"
    assert card.temperature == 0.8
    assert card.training["sources"]["mnist"].startswith("60000")
    assert card.figures == {"accuracy_percent": {"mnist": 99.5}, "data": 'with "quotes"'}
    assert load_card(onnx.with_suffix(".toml")) == card


def test_circumstances_name_the_day_and_the_machine():
    found = circumstances()
    assert set(found) == {"date", "device", "torch", "python"}
    assert found["torch"].count(".") == 2
