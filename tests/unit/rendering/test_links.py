"""Every mail that carries a link shows it, in both parts and every language."""

from __future__ import annotations

import email
from dataclasses import replace

import pytest

from gateway.pipeline.link_acts import LINK_ACTS
from gateway.rendering.folder import template_names, templates_folder
from gateway.rendering.pages import Pages
from gateway.rendering.renderer import TemplateRenderer
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy

FOLDER = templates_folder("")
RENDERER = TemplateRenderer(FOLDER)
OFFERS = load_policy(rules_folder(""), templates=template_names(FOLDER), acts=LINK_ACTS).offers
URL = "https://support.example.test/a/abc"


def parts(raw: bytes) -> list[str]:
    """The texts of a mail's parts."""
    found = []
    for part in email.message_from_bytes(raw).walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found.append(content.decode().replace("\r\n", "\n"))
    return found


@pytest.mark.parametrize("template", sorted({offer.template for offer in OFFERS}))
def test_a_mail_with_a_link_shows_it(template: str) -> None:
    for example in RENDERER.examples():
        if example.template != template:
            continue
        links = [{"label": "Do <it>", "url": URL}]
        told = replace(example, context={**example.context, "links": links})
        text, html = parts(RENDERER.render(told))
        assert f"Do <it>\n{URL}\n" in text
        assert f'href="{URL}"' in html
        assert "Do &lt;it&gt;" in html
        without = replace(example, context={**example.context, "links": []})
        assert "/a/" not in RENDERER.text(without)


def test_every_act_has_a_page_with_its_fields() -> None:
    pages = Pages(FOLDER)
    pages.check(LINK_ACTS)
    for name, act in LINK_ACTS.items():
        for language in ("en", "fr"):
            html = (FOLDER / "portal" / language / f"{name}.html").read_text(encoding="utf-8")
            for field in act.fields:
                assert f'{"lines" if field.lines else "line"}("{field.name}"' in html, (name, language, field)
