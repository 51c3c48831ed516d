"""A registered model: what its versions are, and what differs between two of them."""

from filling import ATTACKS
from playwright.sync_api import expect


def test_the_newest_version_is_described_until_another_is_chosen(tab):
    page = tab.open("#/models/diabetes")
    shown = page.get_by_role("region", name="Signature")
    expect(shown).to_contain_text("v3")
    expect(shown).to_contain_text("sklearn")
    expect(shown).to_contain_text("python_function")
    page.get_by_label("Select version 1").check()
    expect(shown).to_contain_text("v1")


def test_the_signature_names_each_field_with_its_type(tab):
    shown = tab.open("#/models/diabetes").get_by_role("region", name="Signature")
    inputs = shown.get_by_role("list").first
    expect(shown.get_by_role("heading", name="Inputs")).to_be_visible()
    expect(inputs.get_by_role("listitem")).to_have_count(10)
    expect(inputs.get_by_role("listitem").first).to_have_text("agedouble")
    expect(shown.get_by_role("heading", name="Outputs")).to_be_visible()


def test_a_hostile_description_of_a_model_is_only_text(tab):
    page = tab.open("#/models/hostile")
    shown = page.get_by_role("region", name="Signature")
    for attack in (ATTACKS[0], ATTACKS[1], ATTACKS[4]):
        expect(shown.locator("code").get_by_text(attack, exact=True).first).to_be_visible()
    page.get_by_label("Select version 1").check()
    page.get_by_label("Select version 2").check()
    expect(page.get_by_label("What differs")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("window.xss") is None
    assert page.evaluate("({}).polluted") is None
    assert (
        page.locator("main script, main [onerror], main [onload], main [onfocus], main form, main iframe").count() == 0
    )


def test_two_versions_differ_in_the_metrics_and_parameters_of_their_runs(tab):
    page = tab.open("#/models/diabetes")
    page.get_by_label("Select version 1").check()
    expect(page.get_by_label("What differs")).to_have_count(0)
    page.get_by_label("Select version 3").check()
    sheet = page.get_by_label("Versions 1 and 3")
    expect(sheet.get_by_role("row", name="learning_rate")).to_have_text("learning_rate0.030.3")
    expect(sheet.get_by_role("rowheader", name="rmse")).to_be_visible()
    expect(sheet.get_by_role("rowheader", name="n_estimators")).to_have_count(0)
    expect(sheet.get_by_text("2 equal")).to_be_visible()
    assert tab.axe() == []


def test_tags_of_a_model_and_of_a_version_are_added_with_undo(tab):
    page = tab.open("#/models/diabetes")
    for owner in ("the model", "v3"):
        page.get_by_role("button", name=f"Add a tag to {owner}").click()
        page.get_by_label("Key of the tag").fill("owner")
        page.get_by_label("Value of the tag").fill("ada")
        page.get_by_role("button", name="Save the tag").click()
        tag = page.locator("section.card", has_text=f"Tags of {owner}").locator(".tags li")
        expect(tag).to_contain_text("ownerada")
        page.get_by_role("button", name="Undo").click()
        expect(tag).to_have_count(0)
