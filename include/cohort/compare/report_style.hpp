#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE::comparing {

/// The report's style sheet. The series' colors are Okabe and Ito's, which people with any of the usual color
/// deficiencies tell apart, darkened or lightened to a contrast of 3:1 with the page; dashes and marks say the same
/// once more.
inline constexpr char report_style[] = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #d5dae0; --grid: #e9ecef; --tint: #f6f8fa;
  --c0: #0072b2; --c1: #d1560a; --c2: #008f6a; --c3: #b0528c; --c4: #9a7400; --c5: #3d4450;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --ink: #e8eaed; --soft: #a3abb5; --rule: #3a424b; --grid: #262c33; --tint: #1c2126;
    --c0: #56b4e9; --c1: #ff9248; --c2: #2fcc9b; --c3: #e08fc0; --c4: #e6c229; --c5: #c6ccd4;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", Arial,
    sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 40px 32px 56px; }
h1 {
  font-size: 30px; line-height: 1.2; margin: 0 0 12px; font-weight: 680; letter-spacing: -.01em;
  text-wrap: balance;
}
h2 { font-size: 18px; line-height: 1.3; margin: 0; font-weight: 640; }
p { margin: 0; max-width: 92ch; }
.lead { color: var(--soft); text-wrap: pretty; margin-bottom: 28px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 26px; list-style: none; margin: 0; padding: 0; font-weight: 560; }
.legend li { display: flex; align-items: center; gap: 10px; }
.legend svg { width: 52px; height: 14px; flex: none; }
.charts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 28px 36px;
  margin: 16px 0 12px;
}
figure { margin: 0; min-width: 0; }
figcaption { margin: 0 0 8px; }
figcaption span { display: block; }
figcaption span, .note { color: var(--soft); font-size: 14px; }
figure > svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.tick.x, .label { text-anchor: middle; }
.tick.y { text-anchor: end; dominant-baseline: central; }
.label { fill: var(--ink); }
.grid { stroke: var(--grid); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.threshold { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 3 4; }
.threshold-label { text-anchor: middle; fill: var(--ink); paint-order: stroke; stroke: var(--page); stroke-width: 4px;
  stroke-linejoin: round; }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); } .s2 { --c: var(--c2); }
.s3 { --c: var(--c3); } .s4 { --c: var(--c4); } .s5 { --c: var(--c5); }
.band { fill: var(--c); fill-opacity: .17; stroke: none; }
.line { fill: none; stroke: var(--c); stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: butt; }
.line.s1 { stroke-dasharray: 9 3; } .line.s2 { stroke-dasharray: 2.5 2.5; } .line.s3 { stroke-dasharray: 12 3 3 3; }
.line.s4 { stroke-dasharray: 6 5; } .line.s5 { stroke-dasharray: 9 3 2 3 2 3; }
.mark { fill: var(--c); stroke: var(--page); stroke-width: 1.4; paint-order: stroke; }
.beyond {
  fill: var(--c); text-anchor: middle; font-weight: 600; paint-order: stroke; stroke: var(--page);
  stroke-width: 5px;
}
.name { fill: var(--ink); font-weight: 600; }
.dot { fill: var(--c); fill-opacity: .75; stroke: var(--page); stroke-width: 1; }
.interval { stroke: var(--c); stroke-width: 9; stroke-opacity: .28; }
.mean { stroke: var(--ink); stroke-width: 2; }
.warning { border-left: 4px solid var(--c1); background: var(--tint); padding: 8px 14px; margin: 0 0 20px; }
.results + .charts { margin-top: 36px; }
.pairs th { padding-left: 0; text-align: left; }
.parts td, .parts th { text-align: left; white-space: normal; vertical-align: top; }
.parts td {
  font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere;
}
a { color: var(--c0); }
.results { margin: 36px 0 0; }
.results h2 { margin-bottom: 10px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 15px; }
th, td { padding: 9px 0 9px 18px; text-align: right; vertical-align: baseline; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { font-weight: 560; font-size: 13.5px; line-height: 1.35; color: var(--soft);
  border-bottom: 1.5px solid var(--soft); vertical-align: bottom; text-wrap: balance; }
tbody th { font-weight: 620; white-space: nowrap; }
tbody tr > * { border-bottom: 1px solid var(--rule); }
td { white-space: nowrap; }
td small { color: var(--soft); font-size: inherit; }
.swatch { display: inline-block; width: 14px; height: 14px; margin-right: 9px; vertical-align: -2px; }
.notes { margin: 32px 0 0; font-size: 14px; color: var(--soft); }
.notes h2 { color: var(--ink); font-size: 16px; }
.notes dl { margin: 8px 0 0; display: grid; grid-template-columns: max-content 1fr; gap: 5px 20px; }
.notes dt { color: var(--ink); font-weight: 560; }
.notes dd { margin: 0; max-width: 84ch; }
code {
  font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; background: var(--tint);
  border: 1px solid var(--rule); display: block; border-radius: 6px; padding: 8px 12px; margin-top: 8px;
  overflow-wrap: anywhere;
}
@media (max-width: 760px) {
  main { padding: 24px 16px 40px; }
  h1 { font-size: 24px; }
  svg text { font-size: 15px; }
  .lead { margin-bottom: 20px; }
  .legend { gap: 4px 20px; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td, tbody th { display: block; }
  tbody tr { border-bottom: 1px solid var(--rule); padding: 12px 0; }
  tbody tr > * { border: 0; }
  tbody th { padding: 0 0 4px; font-size: 17px; text-align: left; }
  td { display: flex; justify-content: space-between; gap: 16px; padding: 2px 0; }
  td::before { content: attr(data-label); color: var(--soft); text-align: left; white-space: normal; }
  .parts td, .parts td::before { display: block; }
  .pairs tr { display: flex; justify-content: space-between; align-items: baseline; }
  .notes dl { grid-template-columns: 1fr; gap: 0; }
  .notes dd { margin-bottom: 8px; }
}
@media print {
  main { max-width: none; padding: 0; } .charts { grid-template-columns: 1fr 1fr; }
  figure, tr { break-inside: avoid; }
}
)css";

}  // namespace COHORT_NAMESPACE::comparing
