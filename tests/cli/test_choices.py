import pytest
import typer

from inkread.cli.choices import one_of, region


def test_a_typo_is_answered_with_the_nearest_word():
    with pytest.raises(typer.BadParameter, match="did you mean 'json'"):
        one_of(["text", "json", "csv"])("jsno")


def test_what_is_near_nothing_gets_all_the_words():
    with pytest.raises(typer.BadParameter, match=r"'xml' is not one of text, csv$"):
        one_of(["text", "csv"])("xml")


@pytest.mark.parametrize("value", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1;2;3;4"])
def test_a_region_is_four_numbers(value):
    with pytest.raises(typer.BadParameter, match="X0,Y0,X1,Y1"):
        region(value)


@pytest.mark.parametrize("value", ["0,0,0,5", "5,0,1,5", "0,0,nan,5", "0,0,inf,5"])
def test_a_region_has_an_inside(value):
    with pytest.raises(typer.BadParameter, match="empty region"):
        region(value)


def test_blanks_in_a_region_do_not_matter():
    assert region(" 1, 2.5 ,30, 40") == (1.0, 2.5, 30.0, 40.0)
