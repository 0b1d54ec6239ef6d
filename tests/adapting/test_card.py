"""What a model card says after a training: a section of one line for each way of changing, each once."""

from __future__ import annotations

from recsys.adapting.card import with_section


def test_a_section_is_added_and_replaced_and_the_others_stay(tmp_path):
    card = tmp_path / "MODEL_CARD.md"
    card.write_text("# A run\n\n## Scores\n- 0.5\n", encoding="utf-8")
    for heading, note in (("Added since", "- 1"), ("Forgotten since", "- 2"), ("Added since", "- 3")):
        card.write_text(with_section(card, heading, note), encoding="utf-8")
    assert card.read_text() == (
        "# A run\n\n## Scores\n- 0.5\n\n## Added since\n- 3\n\n## Forgotten since\n- 2\n"
    )
