import json
import logging
import logging.config

from inkread.serve.logs import JsonLines, log_configuration


def line_of(record):
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_record_is_one_line_with_its_fields():
    record = logging.LogRecord("inkread.serve", logging.INFO, "f", 1, "read\n%s", ("a",), None)
    record.fields = {"status": 200}
    line = line_of(record)
    assert (line["event"], line["status"], line["level"]) == ("read\na", 200, "info")
    assert line["time"].endswith("+00:00")


def test_an_exception_is_told_by_class_and_place_and_not_by_its_message():
    import sys

    try:
        raise ValueError("73049")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failure", (), sys.exc_info())
    line = line_of(record)
    assert line["error"] == "ValueError"
    assert "test_an_exception" in line["at"][0]
    assert "73049" not in json.dumps(line)


def test_the_configuration_can_be_used():
    before = logging.getLogger("inkread").handlers[:], logging.getLogger("inkread").propagate
    root = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logging.config.dictConfig(log_configuration("warning"))
        assert logging.getLogger("inkread.serve").getEffectiveLevel() == logging.WARNING
    finally:
        logging.getLogger("inkread").handlers[:], logging.getLogger("inkread").propagate = before
        logging.getLogger().handlers[:] = root[0]
        logging.getLogger().setLevel(root[1])
        logging.getLogger("inkread").setLevel(logging.NOTSET)
        for name in ("uvicorn", "uvicorn.error"):
            logging.getLogger(name).handlers[:] = []
            logging.getLogger(name).propagate = True
            logging.getLogger(name).setLevel(logging.NOTSET)
