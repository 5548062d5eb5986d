"""What a session's page adds to the house's style."""

from ...calibration.report.style import CSS as HOUSE

COLOURS = ("#1f77b4", "#e08214", "#2f9e68", "#c2559b", "#56b4e9", "#c2452d", "#8a7bd1", "#8c8c8c")
"""Of parts of a whole; told apart in light and dark, and by most who see few colours."""
RULES = """
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:14px 0 0;font-size:13.5px}
a{color:var(--mark)}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:18px 26px;align-items:start}
.pair figure svg{width:100%}.wide svg{min-width:640px;width:100%}
.tile{flex-basis:240px}td.why{min-width:190px}.facts td.why{min-width:0}.facts th{width:190px}
.whisker{stroke:var(--ink);stroke-width:1.6}.dot{fill:var(--mark)}.spine{stroke:var(--mark);stroke-width:2;fill:none}
.band{fill:var(--fan)}.wedge{fill:var(--mark);fill-opacity:.75}.wedge.fan{fill:var(--fan);fill-opacity:1}
.overall{stroke:var(--soft);stroke-dasharray:4 3;stroke-width:1.2}.resume{stroke:var(--off);stroke-dasharray:2 3}
svg text.label{fill:var(--ink);font-size:12.5px}svg text.here{fill:var(--off)}
.cell{stroke:var(--paper);stroke-width:2}.cell.few{stroke:var(--off);stroke-width:2}.cell.none{fill:var(--card)}
.strip{margin:10px 0 16px}.strip a{display:block;overflow-x:auto}.strip.long img{width:100%;min-width:720px}
.strip img{width:100%;border-radius:3px}
.meter{display:inline-block;height:10px;background:var(--off);vertical-align:baseline;border-radius:1px}
.key{display:inline-block;width:11px;height:11px;margin-right:6px;border-radius:2px}
.yes{color:var(--good)}.no{color:var(--bad)}
@media print{nav{display:none}a{color:inherit;text-decoration:none}.strip a,.scroll{overflow:visible}
 .strip.long img,.wide svg{min-width:0}}
@media (max-width:600px){body{padding:16px 14px 40px}.tile{flex-basis:132px;padding:8px 12px}.tile b{font-size:20px}}
"""
CSS = HOUSE + RULES
