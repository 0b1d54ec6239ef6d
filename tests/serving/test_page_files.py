"""The page's own files: asked again, they are not sent again; of another domain, they are told once."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

from recsys.serving import page_files
from recsys.serving.app import create_app
from recsys.serving.backend import LoadedBundle
from recsys.serving.policy import Policy
from tests.builders.fake_recommender import FakeRecommender, open_fake, write_bundle


def test_a_browser_asks_whether_a_file_of_the_page_is_still_the_one_it_has(tmp_path, monkeypatch):
    """Of books as of climbs; what is told in a bundle's words is made once, and again for another's."""
    told, made = page_files.spoken_page, []
    monkeypatch.setattr(page_files, "spoken_page", lambda *asked: made.append(asked) or told(*asked))
    folder = write_bundle(tmp_path / "books", nouns={"climb": "book"})
    app = create_app(folder, Policy(rate=0, poll_seconds=0), open_fake)
    assert len(made) == 1
    with TestClient(app) as client:
        tags = {}
        for path in ("/", "/index.html", "/manifest.webmanifest", "/main.js"):
            first = client.get(path)
            tags[path] = first.headers["etag"]
            again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tags[path])
            assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
            assert client.head(path).headers["etag"] == tags[path]
            assert client.get(path, headers={"If-None-Match": '"another"'}).content == first.content
        assert tags["/"] == tags["/index.html"] != tags["/manifest.webmanifest"]
        assert len(made) == 1
        app.state.holder.current = LoadedBundle(FakeRecommender(nouns={"climb": "film"}))
        film = client.get("/", headers={"If-None-Match": tags["/"]})
        assert (film.status_code, len(made)) == (200, 2)
        assert "Which film next" in film.text
        app.state.holder.current = LoadedBundle(FakeRecommender())
        assert "What to climb next" in client.get("/", headers={"If-None-Match": film.headers["etag"]}).text


def test_the_web_manifest_stays_json_whatever_a_word_holds():
    """A recommender's words are not all `nouns_of`'s own: the page trusts nobody."""
    words = {"climb": 'a"b\\c', "logbook": '", "start_url": "https://elsewhere'}
    body, _ = page_files._Told.of(words).files["manifest.webmanifest"]
    told = json.loads(body)
    assert told["name"] == 'Which a"b\\c next'
    assert (told["start_url"], told["icons"][0]["src"]) == ("./", "icon.svg")
