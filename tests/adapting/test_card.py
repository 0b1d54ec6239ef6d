"""What a model card says after a training: a section of one line for each way of changing, each once."""

from __future__ import annotations

from recsys.adapting.card import with_section


def test_a_section_is_added_and_replaced_and_the_others_stay():
    card = "# A run\n\n## Scores\n- 0.5\n"
    for heading, note in (("Added since", "- 1"), ("Forgotten since", "- 2"), ("Added since", "- 3")):
        card = with_section(card, heading, note)
    assert card == "# A run\n\n## Scores\n- 0.5\n\n## Added since\n- 3\n\n## Forgotten since\n- 2\n"
