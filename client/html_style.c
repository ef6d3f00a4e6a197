/*
 * html_style.c
 *	  How pages look.
 *
 * Colour never says what no word says. Each kind has a colour for text and
 * one for surfaces, chosen for a contrast of 4.5 to 1 or more, in light and in dark.
 */
#include "html_style.h"

#define LIGHT \
	"  --page: #f6f7f9; --card: #ffffff; --sunk: #f0f2f5; --ink: #1b1e23; --soft: #59606b;\n" \
	"  --line: #dde1e6; --accent: #2457c5; --bar: #5b82d6;\n" \
	"  --danger: #b3201b; --danger-bg: #fdeceb; --danger-bar: #d6504a;\n" \
	"  --warning: #855400; --warning-bg: #fdf3dc; --warning-bar: #dda032;\n" \
	"  --note: #2f5d8f; --note-bg: #e9f1fa; --note-bar: #8fa9c6;\n" \
	"  --good: #1c6e39; --good-bg: #e6f5ea; --good-bar: #51a76d;\n"

#define DARK \
	"  --page: #14171b; --card: #1c2026; --sunk: #242931; --ink: #e6e9ed; --soft: #a0a8b3;\n" \
	"  --line: #353c46; --accent: #8fb4ff; --bar: #5f86d8;\n" \
	"  --danger: #ff968f; --danger-bg: #3a1d1c; --danger-bar: #cf544e;\n" \
	"  --warning: #f2c266; --warning-bg: #362a14; --warning-bar: #b98428;\n" \
	"  --note: #a4c4ea; --note-bg: #1c2a3b; --note-bar: #647f9e;\n" \
	"  --good: #86d6a0; --good-bg: #17301f; --good-bar: #3f8d59;\n"

const char slipway_html_style[] =
	":root {\n  color-scheme: light dark;\n" LIGHT "}\n"
	"@media (prefers-color-scheme: dark) { :root {\n" DARK "} }\n"
	"* { box-sizing: border-box; }\n"
	"html { background: var(--page); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }\n"
	"body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 3rem; color: var(--ink);\n"
	"  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; }\n"
	"h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }\n"
	"h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .75rem; }\n"
	"h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }\n"
	"h1, h2, h3, summary, td, dd, p { overflow-wrap: anywhere; }\n"
	"p { margin: .4rem 0; }\n"
	"a { color: var(--accent); }\n"
	".hint { color: var(--soft); }\n"
	"code, pre, .mono { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;\n"
	"  font-size: .875em; unicode-bidi: isolate; }\n"
	"pre { margin: .5rem 0 0; padding: .6rem .8rem; background: var(--sunk); border-radius: 6px; overflow-x: auto;\n"
	"  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; line-height: 1.45; }\n"

	/* cards and badges */
	".card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem;\n"
	"  margin: .6rem 0; }\n"
	".card.danger, .card.warning, .card.note, .card.good { border-left-width: 5px; }\n"
	".card.danger { border-left-color: var(--danger-bar); } .card.warning { border-left-color: var(--warning-bar); }\n"
	".card.note { border-left-color: var(--note-bar); } .card.good { border-left-color: var(--good-bar); }\n"
	".badge { display: inline-block; padding: 0 .5em; border-radius: 4px; font-size: .8em; font-weight: 600;\n"
	"  line-height: 1.6; white-space: nowrap; background: var(--sunk); color: var(--soft); }\n"
	".badge.danger, .badge.dropped { background: var(--danger-bg); color: var(--danger); }\n"
	".badge.warning, .badge.changed { background: var(--warning-bg); color: var(--warning); }\n"
	".badge.note { background: var(--note-bg); color: var(--note); }\n"
	".badge.good, .badge.added { background: var(--good-bg); color: var(--good); }\n"
	"details > summary { cursor: pointer; }\n"
	"details > summary::marker { color: var(--soft); }\n"

	/* facts: few numbers, large */
	".facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .6rem; margin: 1rem 0; }\n"
	".facts > div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;\n"
	"  padding: .5rem .9rem; }\n"
	".facts dt { color: var(--soft); font-size: .85em; }\n"
	".facts dd { margin: 0; font-size: 1.15rem; font-weight: 600; }\n"
	".facts .danger dd { color: var(--danger); } .facts .warning dd { color: var(--warning); }\n"
	".facts .good dd { color: var(--good); }\n"

	/* tables */
	".scroll { overflow-x: auto; }\n"
	"table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }\n"
	"th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-bottom: 1px solid var(--line); }\n"
	"th { color: var(--soft); font-size: .85em; font-weight: 600; }\n"
	"th.number, td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }\n"

	/* differences */
	".diff span { display: block; padding: 0 .4rem; margin: 0 -.4rem; }\n"
	".diff .added { background: var(--good-bg); color: var(--good); }\n"
	".diff .dropped { background: var(--danger-bg); color: var(--danger); }\n"
	".diff .gap { color: var(--soft); }\n"

	/* lists of statements */
	".soft { color: var(--soft); } .lines { white-space: pre-wrap; }\n"
	".statements { padding: 0; }\n"
	".statement { border-bottom: 1px solid var(--line); padding: .35rem 1rem; } .statement:last-child { border: 0; }\n"
	".statement > summary { display: grid; grid-template-columns: .8rem 1.8rem 1fr auto 5.5rem; gap: .6rem;\n"
	"  align-items: baseline; }\n"
	".statement > summary::before { content: '\\25b8'; color: var(--soft); }\n"
	".statement[open] > summary::before { content: '\\25be'; }\n"
	".statement > summary:hover { color: var(--accent); }\n"
	".statement > summary > code { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }\n"
	".statement > summary > .soft, .statement > summary > .time { text-align: right; white-space: nowrap;\n"
	"  font-variant-numeric: tabular-nums; }\n"
	".statement[open] { padding-bottom: .8rem; } .statement ul { margin: .5rem 0; padding-left: 1.2rem; }\n"

	/* a share of the largest */
	".meter { height: 4px; margin-top: .3rem; background: var(--sunk); border-radius: 2px; }\n"
	".meter i { display: block; height: 100%; min-width: 2px; background: var(--bar); border-radius: 2px; }\n"

	".stack td:first-child { min-width: 12rem; }\n"

	/* from one place to another */
	"nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin-top: .5rem; }\n"
	"nav a, .tl-label a, .line a { text-decoration: none; } nav a:hover, .line a:hover { text-decoration: underline; }\n"
	".tl-label a, .line a { color: inherit; } .tl-label a:hover { color: var(--accent); }\n"
	".statement:target { background: var(--note-bg); }\n"

	/* time lines */
	".tl { overflow: hidden; }\n"
	".tl-row { display: grid; grid-template-columns: minmax(8rem, 30%) 1fr; gap: 1rem; align-items: center; }\n"
	".tl-group { font-weight: 600; margin-top: .5rem; overflow-wrap: anywhere; }\n"
	".tl-label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .93em; line-height: 1.7; }\n"
	".tl-track { position: relative; height: 1.6rem;\n"
	"  background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px var(--step)); }\n"
	".tl-bar { position: absolute; top: .3rem; height: 1rem; min-width: 3px; border-radius: 2px;\n"
	"  background: var(--bar); }\n"
	".tl-bar.both { background: var(--danger-bar); } .tl-bar.writing { background: var(--warning-bar); }\n"
	".tl-bar.neither { background: var(--note-bar); }\n"
	".tl-value { position: absolute; top: 0; padding: 0 .4rem; line-height: 1.6rem; font-size: .8rem;\n"
	"  white-space: nowrap;\n"
	"  font-variant-numeric: tabular-nums; }\n"
	".tl-value.inside { color: #fff; font-weight: 600; text-shadow: 0 0 3px rgb(0 0 0 / .6); }\n"
	".tl-axis .tl-track { background: none; }\n"
	".tl-tick { position: absolute; font-size: .75rem; color: var(--soft); line-height: 1.6rem;\n"
	"  white-space: nowrap; }\n"
	".tl-legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0 .2rem; color: var(--soft);\n"
	"  font-size: .85em; }\n"
	".tl-legend .tl-bar { position: static; display: inline-block; width: 1rem; height: .7rem; margin-right: .4rem; }\n"

	"@media (max-width: 40rem) {\n"
	"  body { padding: 1.25rem .8rem 2rem; } h1 { font-size: 1.35rem; } .card { padding: .6rem .7rem; }\n"
	"  .facts { grid-template-columns: repeat(auto-fit, minmax(6.2rem, 1fr)); }\n"
	"  .facts > div { padding: .4rem .6rem; } th, td { padding: .3rem .45rem; }\n"
	"  .tl-row { display: block; } .tl-axis > :first-child { display: none; }\n"
	"  .tl-label { line-height: 1.3; margin-top: .35rem; }\n"
	"  .tl-tick:nth-child(even) { display: none; }\n"
	"  .statement { padding: .35rem .7rem; }\n"
	"  .statement > summary { grid-template-columns: auto auto 1fr auto; gap: .1rem .5rem; }\n"
	"  .statement > summary > :nth-child(3) { grid-column: 1 / -1; order: 1; }\n"
	"}\n"
	"@media screen and (max-width: 50rem) {\n"
	"  .stack thead { display: none; }\n"
	"  .stack tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }\n"
	"  .stack tr:last-child { border: 0; }\n"
	"  .stack td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem .7rem;\n"
	"    white-space: normal; }\n"
	"  .stack td:first-child { display: block; min-width: 0; }\n"
	"  .stack td::before { content: attr(data-label); color: var(--soft); }\n"
	"}\n"
	"@media print {\n"
	"  :root { color-scheme: light;\n" LIGHT "  --page: #ffffff; }\n"
	"  @page { margin: 15mm; }\n"
	"  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }\n"
	"  body { max-width: none; padding: 0; font-size: 10pt; }\n"
	"  h2, h3 { break-after: avoid; } .card, .facts > div, tr { break-inside: avoid; }\n"
	"  details.card, .statements { break-inside: auto; } .statement { break-inside: avoid; }\n"
	"  summary { break-after: avoid; }\n"
	"  .statement > summary { grid-template-columns: 1.8rem 1fr auto 5.5rem; }\n"
	"  .statement > summary::before { display: none; }\n"
	"  details::details-content { content-visibility: visible; display: block; height: auto; }\n"
	"  .scroll { overflow: visible; } nav { display: none; }\n"
	"}\n";
