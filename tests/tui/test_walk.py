"""The walk, driven by keys: every platform's way to the review, wrong answers, back and forth."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from textual.pilot import Pilot

from kfinstall.guide import saving
from kfinstall.guide.draft import Draft
from kfinstall.model.load import LoadedInstall, load
from kfinstall.registry import platforms
from tests.tui.walking import drive, to_the_review


def loaded(text: str, environ: Mapping[str, str]) -> LoadedInstall:
    return load(["install.yaml"], platforms=platforms().options, environ=environ, read=lambda _name: text)


@pytest.mark.parametrize("platform", platforms().names)
def test_every_platform_leads_to_a_review_and_a_file_that_says_the_same(platform: str) -> None:
    draft = Draft()

    async def play(pilot: Pilot[int]) -> None:
        review = await to_the_review(pilot, platform)
        again = loaded(saving.file_text(review.loaded), draft.secrets)
        assert again.install == review.loaded.install
        assert again.install.model_fields_set == review.loaded.install.model_fields_set
        assert again.install.platform.type == platform
        assert again.install.kubeflow.preset == "starter"

    drive(play, draft)
