"""What keeps people from using a page, as axe-core finds it by the rules of WCAG 2.2 AA."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
VIOLATIONS = """async ([options, themes]) => {
    const root = document.documentElement, before = root.dataset.theme;
    const {violations} = await axe.run(document, options);
    for (const theme of themes) {
        root.dataset.theme = theme;
        document.getAnimations().forEach(one => one.effect.getComputedTiming().endTime < Infinity
            && one.finish());
        const {violations: more} = await axe.run(
            document,
            {runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations"]});
        violations.push(...more);
    }
    root.dataset.theme = before;
    return violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)]);
}"""


def find(script: str, page, *themes: str) -> list[tuple[str, list[str]]]:
    """Look by all rules, and then in other themes by the one that colours can break."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    found = page.evaluate(VIOLATIONS, [OPTIONS, themes])
    return [(rule, elements) for rule, elements in found]
