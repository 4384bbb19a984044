"""The style of the page, for light and dark, phones and paper. Text keeps a contrast of 4.5 to 1 in both."""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f7f9;--text:#16191d;--muted:#4d545d;--line:#c9ced6;
--accent:#1d56b0;--held:#1a7f37;--back:#a8480b;--help:#7339a8;--bad:#b3261e;--worse:#6d1026;--unknown:#5d6570;
--open:#767e8a;--red:#d2564c;--bar:#6b90d6;--full:#dd6f50}
@media (prefers-color-scheme:dark){:root{--bg:#121518;--panel:#1c2126;--text:#eceef1;--muted:#b0b7c0;
--line:#4a525c;--accent:#8ab4f8;--held:#5bd07f;--back:#f0a35e;--help:#c79bf0;--bad:#ff8a80;--worse:#ff5c7a;
--unknown:#a3abb6;--open:#8f98a4;--red:#c2554d;--bar:#3c68b0;--full:#a5523a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header,main,footer{max-width:1040px;margin:0 auto;padding:0 20px}
h1{font-size:1.7rem;margin:24px 0 4px}h2{font-size:1.2rem;margin:0 0 4px}
p{margin:2px 0 6px;color:var(--muted)}a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;padding:0;margin:12px 0;list-style:none;font-size:.9rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:16px 0}
.tiles div{background:var(--panel);border-radius:8px;padding:10px 14px}
.tiles dt{color:var(--muted);font-size:.85rem}.tiles dd{margin:0;font-size:1.35rem;font-weight:600}
section{margin:28px 0;padding-top:14px;border-top:1px solid var(--line)}
.chart,.table{overflow-x:auto;margin:8px 0}
.chart svg{display:block;width:100%;min-width:820px;height:auto;font:12px system-ui,sans-serif}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.85rem;padding:4px 0}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:break-word;min-width:4.5em}
ul.legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:0;margin:4px 0;font-size:.85rem}
ul.legend svg{width:14px;height:14px;vertical-align:-2px;margin-right:5px}
text{fill:var(--text)}.small{fill:var(--muted)}.grid{stroke:var(--line);stroke-width:1}
.red{fill:var(--red)}.budget{fill:var(--bar)}.budget.full{fill:var(--full)}.page{fill:var(--accent)}
.band{fill:var(--unknown);fill-opacity:.25;stroke:var(--unknown)}
.band.not_known{fill-opacity:.08;stroke-dasharray:2 3}
.mark{stroke:var(--bg);stroke-width:1}.mark.held,.outcome.held{fill:var(--held)}.mark.failed{fill:var(--bad)}
.mark.open,.mark.later,.outcome.open{fill:var(--open)}.outcome.came_back{fill:var(--back)}
.outcome.somebody_helped{fill:var(--help)}.outcome.not_recovered{fill:var(--bad)}.outcome.worse{fill:var(--worse)}
.outcome.unknown{fill:var(--unknown)}.dot{fill:var(--accent);fill-opacity:.55}
.metric{fill:none;stroke:var(--accent);stroke-width:2}
.threshold{stroke:var(--bad);stroke-width:2;stroke-dasharray:4 3}
.median{stroke:var(--text);stroke-width:3}.most{stroke:var(--text);stroke-width:2;stroke-dasharray:4 3}
footer{padding-bottom:32px;font-size:.85rem}
@media print{:root{color-scheme:light;
--bg:#fff;--panel:#fff;--text:#000;--muted:#333;--line:#999;--accent:#1d56b0;
--held:#1a7f37;--back:#a8480b;--help:#7339a8;--bad:#b3261e;--worse:#6d1026;--unknown:#5d6570;--open:#767e8a;
--red:#d2564c;--bar:#6b90d6;--full:#dd6f50}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}nav{display:none}
section,.tiles div,tr{break-inside:avoid}h2{break-after:avoid}.chart svg{min-width:0}}
"""
