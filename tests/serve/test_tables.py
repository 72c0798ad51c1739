from inkread.serve.tables import METADATA


def test_every_time_is_a_large_whole_number_and_every_reference_clears_itself():
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if column.name in ("created", "expires", "last_used", "until"):
                assert str(column.type) == "BIGINT"
            for key in column.foreign_keys:
                assert key.ondelete == "CASCADE"
