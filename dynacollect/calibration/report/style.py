"""How the page looks: light or dark as the reader's screen, black on white on paper."""

LIGHT = """
--paper:#fff;--card:#f5f7f8;--ink:#17212b;--soft:#5b6a76;--rule:#d5dce1;--mark:#1f6fb2;--off:#d0402b;--fan:#1f6fb222;
--good:#1d7a46;--usable:#a86400;--bad:#c22f1d;
"""
DARK = """
--paper:#12181d;--card:#1b242b;--ink:#e6edf2;--soft:#9bb0bd;--rule:#33414b;--mark:#6cb4ee;--off:#ff7b66;--fan:#6cb4ee26;
--good:#57c98a;--usable:#e0a345;--bad:#ff7b66;
"""
RULES = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1160px;padding:24px 20px 60px;background:var(--paper);color:var(--ink);
 font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:20px;margin:44px 0 6px;border-top:1px solid var(--rule);padding-top:18px}
h3{font-size:16px;margin:22px 0 6px}p{margin:6px 0 10px;max-width:80ch}
small,.soft{color:var(--soft)}
.verdict{border-left:6px solid;padding:10px 16px;margin:18px 0;background:var(--card)}
.verdict b{font-size:22px;display:block}
.good{border-color:var(--good)}.good b{color:var(--good)}
.usable{border-color:var(--usable)}.usable b{color:var(--usable)}
.bad{border-color:var(--bad)}.bad b{color:var(--bad)}
.tiles{display:flex;flex-wrap:wrap;gap:12px}
.tile{background:var(--card);padding:10px 16px;flex:1 1 200px}
.tile b{font-size:24px;display:block;line-height:1.3}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--rule);white-space:nowrap}
td.why{white-space:normal}
th{color:var(--soft);font-weight:600}
.scroll{overflow-x:auto}
.figures{display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start}
.three{display:grid;grid-template-columns:repeat(3,1fr);gap:14px;align-items:start}
figure{margin:0;font-size:13px}figcaption{margin-top:3px}
svg,img{max-width:100%;height:auto;display:block}
.three figure svg,.three figure img{width:100%}
svg text{fill:var(--soft);font-size:11.5px;font-family:inherit}
svg text.name{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
svg text.on-light{fill:#10202a}svg text.on-dark{fill:#fff}
svg text.off{fill:var(--off)}
svg text.on-picture{fill:#fff;paint-order:stroke;stroke:#000}
.grid{stroke:var(--rule);stroke-width:1}.rim{stroke:var(--soft);stroke-width:1}
.bar{fill:var(--mark)}.bar.rejected{fill:none;stroke:var(--off);stroke-dasharray:3 2}
.dots{fill:none;stroke-width:2.6;stroke-linecap:round}.dots.seen{stroke:var(--mark);stroke-opacity:.55}
.dots.off{stroke:var(--off);stroke-width:3.4}
.tick{stroke:var(--mark);stroke-width:1.6}
.mean{fill:none;stroke:var(--mark);stroke-width:1.6}.mean.clear{stroke:var(--off);stroke-width:2.2}
.sigma{fill:none;stroke:var(--ink);stroke-width:1.8}
.unseen{fill:var(--rule)}.base{fill:var(--ink)}.camera{fill:var(--mark)}
.look{stroke:var(--mark);stroke-width:3}.fan{fill:var(--fan)}
.ring{fill:none}.ring.kept,.error.kept{stroke:#27e07d}.ring.off,.error.off{stroke:#ff5a3c}.cross{stroke:#ffe23a}
@media print{*{print-color-adjust:exact}body{zoom:.62;max-width:none;padding:0}
 h2,h3,h3+p,h2+p{break-after:avoid}figure,.figures,.verdict,.tile,p,tr,svg{break-inside:avoid}}
"""

CSS = (
    ":root{color-scheme:light dark;" + LIGHT + "}\n"
    "@media screen and (prefers-color-scheme:dark){:root{" + DARK + "}}\n" + RULES
)
