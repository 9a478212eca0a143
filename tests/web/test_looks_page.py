"""The page and Python tell every look alike: `static/core/names.js` is the twin of `looks.py`."""

from mien.vision.looks import look_of, name_of, places_of, table, word

SETS = [
    ["angry", "sad", "happy", "neutral"],
    ["angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise"],
    ["Happiness", "tired", "in pain", "bored"],
    ["ängstlich", "müde", "😀", "\uffee", "痛い", ""],
    [f"stimulus {number}" for number in range(15)],
    ["constructor", "__proto__", "toString"],
]
TOLD = """
async (sets) => {
  const { nameOf, placesOf, wordOf } = await import("/static/core/names.js");
  const { kindOf, learnLabels, lineOf, rowOf, tint } = await import("/static/core/looks.js");
  return sets.map((labels) => {
    learnLabels(labels);
    return {
      places: [...placesOf(labels)],
      told: labels.map((label) => {
        const kind = kindOf(label);
        const { length } = rowOf(kind).shape;
        return [nameOf(label) ?? null, wordOf(label), tint(kind), lineOf(kind), length];
      }),
    };
  });
}
"""


def colour_of(label: str, labels: list[str]) -> str:
    return "#" + bytes(look_of(label, labels).colour).hex()


def test_the_page_tells_every_look_as_python_does(bare_page):
    found = bare_page.evaluate(TOLD, SETS)
    for labels, one in zip(SETS, found, strict=True):
        assert dict(one["places"]) == places_of(labels)
        for label, told in zip(labels, one["told"], strict=True):
            look = look_of(label, labels)
            expected = [name_of(label), word(label), colour_of(label, labels)]
            assert told == [*expected, list(look.line), len(look.strokes)]


def test_every_kind_has_its_colour_in_every_theme(open_page):
    page = open_page()
    rows = {**table().looks, "unsure": table().unsure, "unsaid": table().unsure}
    rows |= {f"other-{index}": row for index, row in enumerate(table().others)}
    for theme in ("light", "dark", "contrast"):
        found = page.evaluate(
            """([theme, kinds]) => {
              document.documentElement.dataset.theme = theme;
              const style = getComputedStyle(document.documentElement);
              return kinds.map((kind) => style.getPropertyValue(`--${kind}`).trim());
            }""",
            [theme, list(rows)],
        )
        assert found == [getattr(row.colour, theme) for row in rows.values()]
