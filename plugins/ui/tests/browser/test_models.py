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
    expect(sheet).not_to_contain_text("hookline.")
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


def test_versions_that_are_chosen_are_in_the_address_and_what_is_copied_loads_them(tab):
    page = tab.open("#/models/diabetes")
    page.get_by_label("Select version 1").check()
    expect(page.locator(".command").first).to_contain_text('"models:/diabetes/1"')
    page.get_by_label("Select version 2").check()
    page.reload()
    expect(page.get_by_label("Versions 1 and 2")).to_be_visible()
    expect(page).to_have_title("diabetes \u00b7 Hookline")


def test_an_alias_that_moves_to_another_version_comes_back_with_undo(tab):
    page = tab.open("#/models/diabetes")
    page.get_by_role("button", name="Add an alias to version 3").click()
    page.get_by_label("Alias", exact=True).fill("@champion")
    page.keyboard.press("Enter")
    versions = page.get_by_label("Versions")
    expect(page.get_by_text("@champion is version 3 now, no longer 2.")).to_be_visible()
    expect(versions.get_by_role("row", name="v3")).to_contain_text("@champion")
    expect(versions.get_by_role("row", name="v2")).not_to_contain_text("@champion")
    page.get_by_role("button", name="Undo").click()
    expect(versions.get_by_role("row", name="v2")).to_contain_text("@champion")


def test_a_version_is_described_where_it_stands_and_a_model_renamed_with_undo(tab):
    page = tab.open("#/models/diabetes")
    page.get_by_role("button", name="Describe version 1").click()
    page.get_by_label("Describe version 1").fill("the first one")
    page.keyboard.press("Enter")
    row = page.get_by_label("Versions").get_by_role("row", name="v1")
    expect(row).to_contain_text("the first one")
    page.get_by_role("button", name="Undo").click()
    expect(row).not_to_contain_text("the first one")
    page.locator("h1").hover()
    page.get_by_role("button", name="Rename the model").click()
    page.get_by_label("Rename the model").fill("blood sugar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("blood sugar")
    assert "blood%20sugar" in page.url
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("diabetes")


def test_a_model_is_registered_where_its_run_is_and_leads_back(tab, site):
    [run] = site.runs("trainings", 1, filter="params.model = 'boosting'")
    page = tab.open(f"#/runs/{run}")
    card = page.get_by_role("region", name="Models of the run")
    expect(card.get_by_role("link", name="diabetes v3")).to_be_visible()
    card.get_by_role("button", name="Register").click()
    page.get_by_label("Name of the registered model").fill("from the page")
    page.keyboard.press("Enter")
    card.get_by_role("link", name="from the page v1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("from the page")
    expect(page.get_by_role("region", name="Signature")).to_contain_text("sklearn")
    page.get_by_label("Versions").get_by_role("link").click()
    expect(card.get_by_role("link", name="from the page v1")).to_be_visible()
    assert tab.axe() == []
    page.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("link", name="from the page v1")).to_have_count(0)
    page.goto(f"{site.url}#/models")
    expect(page.get_by_role("link", name="hostile")).to_be_visible()
    expect(page.get_by_role("link", name="from the page")).to_have_count(0)
